using RaftKv.Embedded.Consensus;

namespace RaftKv.Simulation.Invariants;

/// <summary>
/// While a leader may serve reads from its lease, no other node is elected (dissertation §6.4.1), as long as clocks drift apart by less
/// than <c>MaxClockDrift</c>. Checked in true time at the moment when a node wins, whether or not there is a reader.
/// </summary>
internal sealed class LeaseSafety(Simulation run) : Invariant
{
    private readonly PerNode<(int Life, long Term)> _led = new();

    public override void AfterStep(SimNode node)
    {
        if (node.Core is not { Role: RaftRole.Leader } winner || _led[node] == (node.Life, winner.Term))
            return;
        _led[node] = (node.Life, winner.Term);
        foreach (var other in run.Nodes)
        {
            if (other != node && other.IsListening && other.Core is { Role: RaftRole.Leader } core && core.Term < winner.Term && other.Clock.Ticks < other.Replica.LeaseUntil)
                throw new BrokenInvariantException("Lease safety", $"{node.Id} wins term {winner.Term} while {other.Id} holds a lease in term {core.Term} for {(other.Replica.LeaseUntil - other.Clock.Ticks) / VirtualTime.Microsecond} µs more");
        }
    }
}
