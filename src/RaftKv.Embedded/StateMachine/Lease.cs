using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.StateMachine;

/// <summary>A lease: keys that live as long as it is renewed.</summary>
internal sealed class Lease(long id, long timeToLiveMs, long deadlineMs)
{
    public long Id => id;

    public long TimeToLiveMs => timeToLiveMs;

    /// <summary>In lease time, in milliseconds: log time without the periods in which there was no leader.</summary>
    public long DeadlineMs { get; set; } = deadlineMs;

    /// <summary>Sorted, so that every node deletes them in the same order.</summary>
    public SortedSet<byte[]> Keys { get; } = new(KeyOrder.Instance);
}
