using RaftKv.Embedded.Replica;

namespace RaftKv.Simulation.Faults;

/// <summary>A process is asked to stop, as at a deployment, and comes back.</summary>
internal sealed class Stop(Simulation run) : Fault(run)
{
    public override bool IsEnabled(Swarm swarm) => swarm.Stops;

    public override bool Inject(Chance chance)
    {
        var node = Any(chance);
        if (!node.IsListening)
            return false;
        Run.Transcript.Add(node.Id, "is asked to stop");
        var (life, done) = (node.Life, new TaskCompletionSource());
        node.Replica.Post(new StopWanted(done));
        node.Schedule();
        Watch(Run.Time.Now + 8 * VirtualTime.Second);
        return true;

        void Watch(long limit) => Run.Time.After(5 * VirtualTime.Millisecond, () =>
        {
            if (!node.IsUp || node.Life != life)
                return;
            if (!done.Task.IsCompleted && Run.Time.Now < limit)
            {
                Watch(limit);
                return;
            }
            node.Finish();
            Run.Faults.RestartSoon(node);
        });
    }
}
