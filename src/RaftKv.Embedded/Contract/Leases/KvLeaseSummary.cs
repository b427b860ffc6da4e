namespace RaftKv.Embedded;

/// <summary>A lease in a list of leases; <see cref="IRaftKvLeases.GetAsync"/> tells all its keys.</summary>
public sealed class KvLeaseSummary
{
    /// <summary>The most keys in <see cref="FirstKeys"/>.</summary>
    public const int MaxFirstKeys = 10;

    internal KvLeaseSummary(long leaseId, TimeSpan timeToLive, TimeSpan remaining, int keyCount, IReadOnlyList<string> firstKeys) =>
        (LeaseId, TimeToLive, Remaining, KeyCount, FirstKeys) = (leaseId, timeToLive, remaining, keyCount, firstKeys);

    /// <summary>Its id.</summary>
    public long LeaseId { get; }

    /// <summary>How long it lives without a renewal.</summary>
    public TimeSpan TimeToLive { get; }

    /// <summary>What was left of that when this node last applied an entry; not below zero.</summary>
    public TimeSpan Remaining { get; }

    /// <summary>How many keys are bound to it.</summary>
    public int KeyCount { get; }

    /// <summary>The first of its keys, in order; at most <see cref="MaxFirstKeys"/>.</summary>
    public IReadOnlyList<string> FirstKeys { get; }

    /// <summary>
    /// The node that holds it, where one of <see cref="FirstKeys"/> is a place in the line before a lock or an office. <c>null</c> for
    /// other leases: the store does not know which process renews them.
    /// </summary>
    public string? Holder { get; internal init; }
}
