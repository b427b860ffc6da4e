using RaftKv.Embedded.Node;

namespace RaftKv.Simulation.Faults;

/// <summary>A process is asked to stop, as at a deployment: it hands over, and stops after that. It comes back.</summary>
internal sealed class Stop(Simulation run) : Fault(run)
{
    public override bool IsEnabled(Swarm swarm) => swarm.Stops;

    public override bool Inject(SimRandom chance)
    {
        var node = Any(chance);
        if (!node.IsListening)
            return false;
        Run.Transcript.Add(node.Id, "is asked to stop");
        var (life, handedOver, done) = (node.Life, new TaskCompletionSource(), new TaskCompletionSource());
        var isStopping = false;
        node.Replica.Post(new HandOverWanted(handedOver));
        node.Schedule();
        Watch(Run.Time.Now + 8 * VirtualTime.Second);
        return true;

        void Watch(long limit) => Run.Time.After(5 * VirtualTime.Millisecond, () =>
        {
            if (!node.IsUp || node.Life != life)
                return;
            if (!isStopping && handedOver.Task.IsCompleted)
            {
                isStopping = true;
                node.Replica.Post(new StopWanted(done));
                node.Schedule();
            }
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
