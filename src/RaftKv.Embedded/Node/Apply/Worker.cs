namespace RaftKv.Embedded.Node;

/// <summary>
/// Runs actions that may take long, one after the other: file reads for slow followers, snapshots. Actions that wait when it stops are not
/// run.
/// </summary>
internal sealed class Worker : BatchWorker<Action>
{
    /// <param name="failed">
    /// Called with an exception that an action lets through, which is a fault of the replica. An action must handle the errors it expects.
    /// </param>
    public Worker(Action<Exception> failed) => Failed += failed;

    public void Post(Action work) => Post(work, wake: true);

    protected override void Work(List<Action> batch)
    {
        foreach (var work in batch)
        {
            if (IsStopping)
                break;
            work();
        }
    }
}
