namespace RaftKv.Embedded.Primitives;

/// <summary>A separate thread of the replica, for work that must continue when the host's thread pool is exhausted.</summary>
internal sealed class DedicatedThread
{
    private readonly Thread _thread;

    /// <param name="name">Shown by debuggers and in /proc.</param>
    /// <param name="body">Runs until it returns; must not throw.</param>
    /// <param name="priority">
    /// Above normal for the loop that sends heartbeats, so that a busy machine causes no elections, and for lease renewal.
    /// </param>
    public DedicatedThread(string name, Action body, ThreadPriority priority = ThreadPriority.Normal)
    {
        _thread = ThreadStarter.Start(() => new Thread(() => body()) { Name = name, IsBackground = true, Priority = priority });
    }

    /// <summary>Waits until the body has ended; <c>false</c> when it has not ended in time. Does not wait on the thread itself.</summary>
    public bool Join(TimeSpan timeout) => Thread.CurrentThread == _thread || _thread.Join(timeout);
}
