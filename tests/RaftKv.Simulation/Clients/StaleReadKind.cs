using RaftKv.Embedded;

namespace RaftKv.Simulation.Clients;

/// <summary>Reads a node's own copy at once, however old.</summary>
internal sealed class StaleReadKind(Simulation run) : CallKind(run)
{
    public override int Weight => 1;

    public override void Make(Caller caller, SimNode node, string key, Action ended) =>
        _ = new ReadCall(Run, node, key, node.Core is null ? caller.Fresh : KvConsistency.Stale, _ => ended());
}
