namespace RaftKv.Simulation.Clients;

/// <summary>Reads a key linearizably, or under a lease.</summary>
internal sealed class FreshReadKind(Simulation run) : CallKind(run)
{
    public override int Weight => 2;

    public override void Make(Caller caller, SimNode node, string key, Action ended) => _ = new ReadCall(Run, node, key, caller.Fresh, _ => ended());
}
