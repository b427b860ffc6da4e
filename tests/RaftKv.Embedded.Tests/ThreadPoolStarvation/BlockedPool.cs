namespace RaftKv.Embedded.Tests.ThreadPoolStarvation;

/// <summary>Blocks every thread of the thread pool, and those that the pool adds within some seconds, until it is disposed.</summary>
internal sealed class BlockedPool : IDisposable
{
    private readonly ManualResetEventSlim _release = new();
    private readonly List<Task> _blocked;

    public BlockedPool()
    {
        ThreadPool.GetMinThreads(out var min, out _);
        // The pool adds one or two threads a second while none is free.
        _blocked = [.. Enumerable.Range(0, ThreadPool.ThreadCount + min + 16).Select(_ => Task.Run(() => _release.Wait(TimeSpan.FromSeconds(30))))];
    }

    public void Dispose()
    {
        _release.Set();
        Task.WaitAll(_blocked);
        _release.Dispose();
    }
}
