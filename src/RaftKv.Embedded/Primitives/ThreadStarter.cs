namespace RaftKv.Embedded.Primitives;

/// <summary>Starts threads on a machine that may be short of them.</summary>
internal static class ThreadStarter
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>Starts a thread; retries for ten seconds while the system has none to give.</summary>
    /// <param name="make">Makes the thread, not started; one that could not be started is not used again.</param>
    /// <exception cref="OutOfMemoryException">The system has no thread to give.</exception>
    public static Thread Start(Func<Thread> make) => new ResourceRetry(Limit).Run(() =>
    {
        var thread = make();
        thread.Start();
        return thread;
    });

    /// <summary>
    /// Runs an action on a thread of its own, or on the caller's when the system has none to give. The task ends with the action.
    /// </summary>
    public static Task RunAside(Action act)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            new Thread(Body) { IsBackground = true, Name = "raftkv-end" }.Start();
        }
        catch (Exception e) when (ResourceRetry.IsTransient(e))
        {
            Body();
        }
        return done.Task;

        void Body()
        {
            try
            {
                act();
                done.TrySetResult();
            }
            catch (Exception e)
            {
                done.TrySetException(e);
            }
        }
    }
}
