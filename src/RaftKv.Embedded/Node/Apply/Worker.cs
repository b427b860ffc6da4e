namespace RaftKv.Embedded.Node;

/// <summary>
/// Runs what may take long, one after the other: file reads for slow followers, snapshots. What waits when it stops is not done any more.
/// </summary>
internal sealed class Worker : BatchWorker<Action>
{
    /// <param name="failed">The work must answer for its own expected errors; anything it lets through is a fault of the replica.</param>
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
