using RaftKv.Embedded.Log;

namespace RaftKv.Simulation.Invariants;

/// <summary>
/// The clock of leases stands still only while there is no leader: a change of leader stops it for the true time between the two leaders,
/// and a little for messages that were under way. When the network is cut, a new leader may have heard the old one last a long time ago, so
/// this is checked only in a storm without cuts, <see cref="Profile.Handovers"/>.
/// </summary>
internal sealed class LeaseTime(Simulation run) : Invariant
{
    /// <summary>In milliseconds: twice the time of an election, and the time of a message.</summary>
    private const long Allowed = 1_500;

    private readonly Dictionary<long, (long Won, long Last)> _led = [];

    public override void AfterStep(SimNode node)
    {
        if (node.Leads && node.Core is { } core)
            _led[core.Term] = (_led.TryGetValue(core.Term, out var led) ? led.Won : run.Time.Now, run.Time.Now);
    }

    /// <summary>
    /// All processes restart. How long the cluster was down is known only from the wall clocks from now on, and those of a majority may be
    /// wrong.
    /// </summary>
    public void OnAllRestart() => _led.Clear();

    /// <summary>An entry stops the clock of the leases.</summary>
    public void OnPaused(EntryId before, EntryId entry, long pausedMs)
    {
        if (run.Swarm.Profile != Profile.Handovers || !_led.TryGetValue(before.Term, out var old) || !_led.TryGetValue(entry.Term, out var next))
            return;
        var between = Math.Max(0, next.Won - old.Last) / VirtualTime.Millisecond;
        if (pausedMs > (between * 11 / 10) + Allowed)
            throw new BrokenInvariantException("Lease time", $"entry {entry} stops the clock of leases for {pausedMs} ms, and the time without a leader was {between} ms");
    }
}
