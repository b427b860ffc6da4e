namespace RaftKv.Simulation.Invariants;

/// <summary>
/// What a node has served it never takes back, not even across restarts: its reads never go back in time (docs/architecture.md, "A read").
/// </summary>
internal sealed class StaleReads : Invariant
{
    private readonly PerNode<long> _served = new();

    public void OnRead(SimNode node, long readAt)
    {
        ref var served = ref _served[node];
        if (readAt < served)
            throw new BrokenInvariantException("Stale reads", $"{node.Id} served {served} and now {readAt}");
        served = readAt;
    }

    public override void Forget(SimNode node) => _served[node] = 0;
}
