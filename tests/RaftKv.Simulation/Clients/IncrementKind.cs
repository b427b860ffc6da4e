namespace RaftKv.Simulation.Clients;

/// <summary>
/// Reads a count and replaces it by the next one, unless another caller was faster. An attempt that failed, or whose outcome is unknown, is
/// repeated through any other node, from the read on: the condition makes that safe.
/// </summary>
internal sealed class IncrementKind(Simulation run) : CallKind(run)
{
    private const int Attempts = 3;

    public override int Weight => 3;

    public override void Make(Caller caller, SimNode node, string key, Action ended) => Try(caller, node, key, Attempts, ended);

    private void Try(Caller caller, SimNode node, string key, int attempts, Action ended)
    {
        ReadCall? read = null;
        var life = node.Life;
        read = new ReadCall(Run, node, key, caller.Fresh, succeeded =>
        {
            if (succeeded)
                Run.Time.After(caller.Random.Below(VirtualTime.Millisecond),
                    () => Replace(caller, node, life, key, read!.Found, attempts, ended));
            else
                Again(caller, key, attempts, ended);
        });
    }

    private void Replace(Caller caller, SimNode node, int life, string key, (long Version, long Operation, long Count) found, int attempts, Action ended)
    {
        if (!node.IsUp || node.Life != life || node.PausedUntil > Run.Time.Now)
            Again(caller, key, attempts, ended);
        else
            WriteCall.Replace(Run, node, key, Run.NextOperation(), found.Count + 1, (found.Version, found.Operation), done => { if (done) ended(); else Again(caller, key, attempts, ended); });
    }

    private void Again(Caller caller, string key, int attempts, Action ended)
    {
        if (attempts == 1 || Run.IsHealing || caller.AnyNode() is not { } other)
        {
            ended();
            return;
        }
        var life = other.Life;
        Run.Time.After(caller.Random.Below(20 * VirtualTime.Millisecond), () =>
        {
            if (Run.IsHealing || !other.IsUp || other.Life != life || other.Core is null || other.PausedUntil > Run.Time.Now)
                ended();
            else
                Try(caller, other, key, attempts - 1, ended);
        });
    }
}
