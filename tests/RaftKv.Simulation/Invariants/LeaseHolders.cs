using RaftKv.Embedded.Client;

namespace RaftKv.Simulation.Invariants;

/// <summary>
/// A lease never expires while its holder, by its own clock, still counts on it, whatever clocks, leaders and networks do. (It may be
/// revoked.)
/// </summary>
internal sealed class LeaseHolders
{
    private readonly Dictionary<long, Holding> _holdings = [];

    public Holding Begin(long lease, SimNode node, LeaseDeadline life) => _holdings[lease] = new Holding(lease, node, life);

    /// <summary>An entry that ends the lease has committed.</summary>
    public void OnExpired(long lease)
    {
        if (_holdings.GetValueOrDefault(lease) is { HasEnded: false } holding && holding.Node.IsUp && holding.Node.Clock.Ticks < holding.Life.Deadline)
        {
            throw new BrokenInvariantException("Leases", $"lease {lease} expires, and {holding.Node.Id} counts on it for another "
                + $"{(holding.Life.Deadline - holding.Node.Clock.Ticks) / TimeSpan.TicksPerMillisecond} ms");
        }
    }

    public sealed class Holding(long lease, SimNode node, LeaseDeadline life)
    {
        private readonly int _process = node.Life;
        private bool _ended;

        public long Lease => lease;

        public SimNode Node => node;

        public LeaseDeadline Life => life;

        public bool HasEnded => _ended || node.Life != _process;

        public void End() => _ended = true;
    }
}
