namespace RaftKv.Simulation.Faults;

/// <summary>A process dies in the middle of carrying out a turn: some of its messages have left, the others have not.</summary>
internal sealed class CrashBetweenMessages(Simulation run) : Fault(run)
{
    public override bool IsEnabled(Swarm swarm) => swarm.Crashes;

    public override bool Inject(SimRandom chance)
    {
        var node = Any(chance);
        if (!node.IsUp)
            return false;
        node.Transport.CrashAfter = chance.Between(1, 12);
        return true;
    }
}
