namespace RaftKv.Embedded.Primitives;

/// <summary>A thread of the replica's own: what must not stop when the host's thread pool is exhausted runs on one of these.</summary>
internal sealed class DedicatedThread
{
    private readonly Thread _thread;

    /// <param name="name">Shown by debuggers and in /proc.</param>
    /// <param name="body">Runs until it returns; must not throw.</param>
    /// <param name="priority">Above normal for the loop whose heartbeats keep the cluster calm.</param>
    public DedicatedThread(string name, Action body, ThreadPriority priority = ThreadPriority.Normal)
    {
        _thread = ThreadStarter.Start(() => new Thread(() => body()) { Name = name, IsBackground = true, Priority = priority });
    }

    /// <summary>Waits for the end of the body; <c>false</c> when it did not come in time.</summary>
    public bool Join(TimeSpan timeout) => Thread.CurrentThread == _thread || _thread.Join(timeout);
}
