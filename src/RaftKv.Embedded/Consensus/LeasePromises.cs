namespace RaftKv.Embedded.Consensus;

/// <summary>
/// Promises to leaders that serve reads from a lease: no vote for another node for a while (dissertation §6.4.1). The length of the longest
/// promise is on the disk before the promise is given: after a restart it may still hold, and the node's own election timeout may be
/// shorter than that of the leader that asked, or than its own was before the restart.
/// </summary>
/// <param name="longestMs">The length on the disk when the process started; 0 if there is none.</param>
internal sealed class LeasePromises(int longestMs)
{
    /// <summary>Before this time, in ticks, this node gives no vote, except in an election that the leader itself asked for.</summary>
    public long Until { get; private set; }

    /// <summary>The length that the disk has, or has to have before the next message leaves.</summary>
    public int LongestMs { get; private set; } = longestMs;

    /// <summary>Records a promise; <c>true</c> when <see cref="LongestMs"/> must be saved before the promise leaves.</summary>
    public bool Give(int lengthMs, long now)
    {
        Until = Math.Max(Until, now + Ticks(lengthMs));
        if (lengthMs <= LongestMs)
            return false;
        LongestMs = lengthMs;
        return true;
    }

    /// <summary>The process has restarted: a promise may have been given a moment before.</summary>
    public void Resume(long now, long electionTimeout) => Until = now + Math.Max(electionTimeout, Ticks(LongestMs));

    /// <summary>Before a save: a length beyond the node's own timeout need not be kept when no promise holds any more.</summary>
    public void Forget(long now, long electionTimeout)
    {
        if (now >= Until && Ticks(LongestMs) > electionTimeout)
            LongestMs = 0;
    }

    private static long Ticks(int milliseconds) => milliseconds * TimeSpan.TicksPerMillisecond;
}
