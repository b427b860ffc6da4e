using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace RaftKv.Embedded.Tests.Transport;

/// <summary>Remembers every line, of every level.</summary>
internal sealed class RecordingLogger : ILogger, ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => this;

    public void Dispose() { }

    public ConcurrentQueue<(int Id, LogLevel Level, string Text)> Lines { get; } = new();

    public int Count(int id) => Lines.Count(l => l.Id == id);

    /// <summary>As <see cref="Count"/>, after a wait for so many lines: a node's lines are written on another thread.</summary>
    public int Await(int id, int count = 1)
    {
        SpinWait.SpinUntil(() => Count(id) >= count, TimeSpan.FromSeconds(60));
        return Count(id);
    }

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue((eventId.Id, logLevel, formatter(state, exception) + exception));
}
