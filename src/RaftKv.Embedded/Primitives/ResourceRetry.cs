using System.ComponentModel;
using System.Diagnostics;

namespace RaftKv.Embedded.Primitives;

/// <summary>
/// Repeats operations that failed because the process or the machine ran out of descriptors, memory or threads: such a shortage is often
/// over in seconds, says nothing about the disk, and the operation has not begun. Only for operations that can be repeated, and for which
/// nothing was acknowledged; never for a sync. Bounded in time. Thread-safe.
/// </summary>
internal sealed class ResourceRetry(TimeSpan limit)
{
    private const int NoMemory = 12;
    private const int TooManyFilesOnMachine = 23;
    private const int TooManyFiles = 24;
    private const int FirstPauseMs = 5;
    private const int LongestPauseMs = 250;

    private readonly object _gate = new();
    private bool _stopped;

    public ResourceRetry() : this(TimeSpan.FromSeconds(30))
    {
    }

    /// <summary>Whether an error reports the shortage of a resource that may be available again in a moment.</summary>
    public static bool IsTransient(Exception e) => e switch
    {
        OutOfMemoryException or ThreadStartException => true,
        RaftKvStorageException { InnerException: { } inner } => IsTransient(inner),
        Win32Exception win32 => IsTransient(win32.NativeErrorCode),
        IOException => IsTransient(e.HResult),
        _ => false,
    };

    /// <summary>Runs an operation, and repeats it during a shortage, up to the limit.</summary>
    public T Run<T>(Func<T> act)
    {
        var attempts = default(Attempts);
        while (true)
        {
            try
            {
                return act();
            }
            catch (Exception e) when (WaitsAfter(e, ref attempts))
            {
                // The shortage may be over.
            }
        }
    }

    /// <summary>Waits a while when the error is a shortage and the limit is not reached; <c>false</c> when the error is final.</summary>
    public bool WaitsAfter(Exception e, ref Attempts attempts)
    {
        if (!IsTransient(e))
            return false;
        if (attempts.Started == 0)
            attempts = new Attempts(Stopwatch.GetTimestamp(), FirstPauseMs);
        else
            attempts = attempts with { PauseMs = Math.Min(2 * attempts.PauseMs, LongestPauseMs) };
        return Stopwatch.GetElapsedTime(attempts.Started) < limit && Waits(attempts.PauseMs);
    }

    /// <summary>Since when an operation has been repeated, and the last pause; begins with <c>default</c>.</summary>
    public readonly record struct Attempts(long Started, int PauseMs);

    /// <summary>Ends all waits, now and later: the process is about to close its files.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _stopped = true;
            Monitor.PulseAll(_gate);
        }
    }

    private bool Waits(int milliseconds)
    {
        lock (_gate)
        {
            if (!_stopped)
                Monitor.Wait(_gate, milliseconds);
            return !_stopped;
        }
    }

    private static bool IsTransient(int error) =>
        !OperatingSystem.IsWindows() && error is NoMemory or TooManyFilesOnMachine or TooManyFiles;
}
