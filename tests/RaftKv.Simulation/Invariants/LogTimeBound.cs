using RaftKv.Embedded.Log;

namespace RaftKv.Simulation.Invariants;

/// <summary>
/// While most wall clocks are right, or wrong by some hours, log time is never ahead of the true time by more than a year: one clock that
/// is ten years ahead does not move it. Checked in the storm that has such a clock on one machine of three.
/// </summary>
internal sealed class LogTimeBound(Simulation run)
{
    private static readonly long Start = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    private static readonly long Allowed = (long)TimeSpan.FromDays(365).TotalMilliseconds;

    public void OnCommitted(LogEntry entry)
    {
        if (!run.Swarm.YearsAhead)
            return;
        var ahead = entry.TimeMs - Start - (run.Time.Now / VirtualTime.Millisecond);
        if (ahead > Allowed)
            throw new BrokenInvariantException("Log time", $"entry {entry.Id} is stamped {ahead / 1000} s ahead of the time");
    }
}
