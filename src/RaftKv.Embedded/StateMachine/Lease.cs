using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.StateMachine;

/// <summary>A lease: keys that live as long as it is renewed.</summary>
internal sealed class Lease(long id, long timeToLiveMs, long deadlineMs)
{
    public long Id => id;

    public long TimeToLiveMs => timeToLiveMs;

    /// <summary>In lease time: log time without the times in which there was no leader.</summary>
    public long DeadlineMs { get; set; } = deadlineMs;

    /// <summary>In order, so that they go in the same order everywhere.</summary>
    public SortedSet<byte[]> Keys { get; } = new(KeyOrder.Instance);
}
