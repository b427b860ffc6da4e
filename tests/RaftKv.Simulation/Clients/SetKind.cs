namespace RaftKv.Simulation.Clients;

/// <summary>Sets a key, some only if it is not there; some callers do not wait for the answer.</summary>
internal sealed class SetKind(Simulation run) : CallKind(run)
{
    public override int Weight => 3;

    public override void Make(Caller caller, SimNode node, string key, Action ended)
    {
        var call = caller.Random.OneIn(4)
            ? WriteCall.Replace(Run, node, key, Run.NextOperation(), 0, (0, 0), _ => ended())
            : WriteCall.Set(Run, node, key, Run.NextOperation(), _ => ended());
        if (Run.Swarm.Cancels && caller.Random.OneIn(4))
            Run.Time.After(caller.Random.Around(Run.Swarm.NetworkDelay * 2), call.Cancel);
    }
}
