namespace RaftKv.Simulation.Mutations;

internal static partial class Catalogue
{
    /// <summary>Transactions, lifetimes and leases.</summary>
    private static IEnumerable<Mutation> Data =>
    [
        new("transaction-executed-again", "the result of a transaction is not remembered, so a retry executes it",
            new Edit("StateMachine/KvStateMachine.cs", "session!.Remember(command.Sequence, status, entry.Index);\n        session.RememberPayload(command.Sequence, result);", "session!.Find(command.Sequence, out _);")),
        new("half-a-transaction", "only the first two writes of a transaction are carried out",
            new Edit("StateMachine/KvStateMachine.cs", "foreach (var write in plan.Writes)", "foreach (var write in plan.Writes.Take(2))")),
        new("increment-ends-lifetime", "an increment drops the time to live and the lease of the key (was here)",
            new Edit("StateMachine/TransactionPlan.cs", "(number, lifetime) = (found, _lifetimeOfIncrements);",
                "(number, lifetime) = (found, default);"))
        {
            In = Profile.Holders,
        },
        new("lease-clock-runs-without-leader", "the time in which nobody leads counts for leases",
            new Edit("StateMachine/KvStateMachine.cs", "_leases.Pause(entry.TimeMs - Math.Clamp(ledUntilMs, LogTimeMs, entry.TimeMs));", "_leases.Pause(0);")) { In = Profile.Holders },
        new("lease-clock-stops-between-entries", "the whole time since the last entry counts as time without a leader (was here)",
            new Edit("Log/LogClock.cs", "_statedTerm == lastTerm ? Math.Max(_statedMs, lastEntryMs) : lastEntryMs",
                "lastEntryMs + (0 * lastTerm)")) { In = Profile.Handovers },
        new("cold-start-believes-its-own-clock", "a leader that has just started takes its own wall clock for the time (was here)",
            new Edit(
                "Node/Peers/ClusterClocks.cs", "_wallClocks.MedianMs is { } median ? median + (now / TimeSpan.TicksPerMillisecond) : 0",
                "context.Clock.Wall.ToUnixTimeMilliseconds()")) { In = Profile.Holders },
        new("used-key-expires", "a key ends because a leader says so, although it was used meanwhile",
            new Edit("StateMachine/KvStateMachine.cs", " && header.ExpiresAtMs != 0 && header.ExpiresAtMs <= LogTimeMs)", ")")),
        new("log-time-is-wall-time", "log time jumps with the leader's wall clock",
            new Edit("Log/LogClock.cs", "if (wall != 0 && Math.Abs(wall - _time) <= SlewRangeMs * TimeSpan.TicksPerMillisecond)\n                _time += Math.Clamp(wall - _time, -passed / Slew, passed / Slew);", "_time = Math.Max(_time, wall);")),
        new("lease-counts-from-the-answer", "the holder of a lease counts from when the answer came",
            new Edit("Client/LeaseDeadline.cs", "Deadline = _sentAt + SafeTime(timeToLive, maxClockDrift);",
                "Deadline = now + SafeTime(timeToLive, maxClockDrift);")) { In = Profile.Holders },
        new("patience-blocks-the-queue", "a write that may wait longer holds up the deadlines of those behind it (was here)",
            new Edit("Node/Calls/PendingProposals.cs", "left > 0; left--)", "left > 0 && _unsequenced.Peek() is var head && (head.IsCompleted || head.Deadline <= context.Now.Ticks); left--)")) { In = Profile.Holders },
    ];
}
