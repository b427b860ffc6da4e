using Microsoft.Extensions.Logging;

namespace RaftKv.Simulation;

/// <summary>The last events, as text. Costs nothing unless it is on.</summary>
internal sealed class Transcript(VirtualTime time, int kept)
{
    private readonly Queue<string> _lines = new();

    public bool IsOn => kept > 0;

    public IReadOnlyCollection<string> Lines => _lines;

    public void Add(string node, string what)
    {
        if (!IsOn)
            return;
        if (_lines.Count == kept)
            _lines.Dequeue();
        _lines.Enqueue($"{time.Now / (double)VirtualTime.Millisecond,12:N3} ms  {node,-4} {what}");
    }

    /// <summary>What a node logs.</summary>
    public ILogger LoggerOf(string node) => new NodeLogger(this, node);

    private sealed class NodeLogger(Transcript transcript, string node) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => transcript.IsOn;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            transcript.Add(node, formatter(state, exception));
    }
}
