using RaftKv.Embedded;

namespace RaftKv.Simulation.Clients;

/// <summary>Deletes a key, some only if it is there.</summary>
internal sealed class DeleteKind(Simulation run) : CallKind(run)
{
    public override int Weight => 1;

    public override void Make(Caller caller, SimNode node, string key, Action ended) =>
        WriteCall.Delete(Run, node, key, caller.Random.OneIn(2) ? KvCondition.Exists : default, _ => ended());
}
