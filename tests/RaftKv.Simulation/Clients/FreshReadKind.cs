namespace RaftKv.Simulation.Clients;

/// <summary>Reads what must be the newest.</summary>
internal sealed class FreshReadKind(Simulation run) : CallKind(run)
{
    public override int Weight => 2;

    public override void Make(Caller caller, SimNode node, string key, Action ended) => _ = new ReadCall(Run, node, key, caller.Fresh, _ => ended());
}
