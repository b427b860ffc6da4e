namespace RaftKv.Simulation.Invariants;

/// <summary>What a node has served it never takes back, not even across restarts: its reads never go back in time (docs/architecture.md, "A read").</summary>
internal sealed class StaleReads : IInvariant
{
    private readonly Dictionary<string, long> _served = [];

    public void AfterStep(SimNode node) { }

    public void OnRead(SimNode node, long readAt)
    {
        var served = _served.GetValueOrDefault(node.Id);
        if (readAt < served)
            throw new BrokenInvariantException("Stale reads", $"{node.Id} served {served} and now {readAt}");
        _served[node.Id] = readAt;
    }

    public void Forget(SimNode node) => _served.Remove(node.Id);
}
