namespace RaftKv.Embedded.Primitives;

/// <summary>Starts threads on a machine that may be short of them.</summary>
internal static class ThreadStarter
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>Starts a thread; repeats it for ten seconds while the system cannot create one.</summary>
    /// <param name="make">Creates a thread without starting it; called again for each attempt.</param>
    /// <exception cref="OutOfMemoryException">The system could not create a thread.</exception>
    public static Thread Start(Func<Thread> make) => new ResourceRetry(Limit).Run(() =>
    {
        var thread = make();
        thread.Start();
        return thread;
    });

    /// <summary>
    /// Runs an action on a separate thread, or on the caller's thread when the system cannot create one. The task completes with the
    /// action.
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
