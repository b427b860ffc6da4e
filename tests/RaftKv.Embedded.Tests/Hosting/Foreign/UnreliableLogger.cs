using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace RaftKv.Embedded.Tests.Hosting.Foreign;

/// <summary>
/// A logger provider that a test makes throw or block, for log lines of this library only. It stands for a disposed event log, a test's
/// output after the test, or a console whose reader hangs.
/// </summary>
internal sealed class UnreliableLogger : ILogger, ILoggerProvider
{
    private readonly ManualResetEventSlim _open = new(initialState: true);
    private volatile bool _throws;
    private int _calls;

    /// <summary>The number of calls since it throws or blocks.</summary>
    public int Calls => Volatile.Read(ref _calls);

    public void Throw() => _throws = true;

    public void Block() => _open.Reset();

    public void Unblock() => _open.Set();

    public ILogger CreateLogger(string categoryName) => categoryName.StartsWith("RaftKv", StringComparison.Ordinal) ? this : NullLogger.Instance;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel)
    {
        Misbehave();
        return true;
    }

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Misbehave();

    public void Dispose()
    {
    }

    private void Misbehave()
    {
        if (_throws || !_open.IsSet)
            Interlocked.Increment(ref _calls);
        _open.Wait();
        if (_throws)
            throw new ObjectDisposedException("EventLogInternal");
    }
}
