using Microsoft.Extensions.Logging;

namespace RaftKv.Embedded.Diagnostics;

/// <summary>
/// Passes each line to <see cref="Observers"/>, so that a logger of the application that throws or blocks harms no thread of the node.
/// </summary>
/// <param name="observers">Calls the application's logger, on its own thread.</param>
/// <param name="create">Creates the application's logger; called on that thread, again when it has thrown.</param>
internal sealed class DetachedLogger(Observers observers, Func<ILogger> create) : ILogger
{
    private ILogger? _inner;

    /// <summary>Returns <c>null</c>: a scope that begins here does not flow to the thread of the observers.</summary>
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    /// <summary>
    /// True for every level but <see cref="LogLevel.None"/>: asking the application's logger would call it on this thread. It filters when
    /// it is called.
    /// </summary>
    public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter) =>
        observers.Post(() => (_inner ??= create()).Log(logLevel, eventId, state, exception, formatter));
}
