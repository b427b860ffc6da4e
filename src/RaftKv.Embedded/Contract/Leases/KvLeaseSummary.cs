namespace RaftKv.Embedded;

/// <summary>A lease in a list of leases; <see cref="IRaftKvLeases.GetAsync"/> returns all its keys.</summary>
public sealed record KvLeaseSummary
{
    /// <summary>The greatest number of keys in <see cref="FirstKeys"/>.</summary>
    public const int MaxFirstKeys = 10;

    /// <summary>Its id.</summary>
    public required long LeaseId { get; init; }

    /// <summary>How long it lives without a renewal.</summary>
    public TimeSpan TimeToLive { get; init; }

    /// <summary>The rest of <see cref="TimeToLive"/> when this node last applied an entry; not below zero.</summary>
    public TimeSpan Remaining { get; init; }

    /// <summary>How many keys are bound to it.</summary>
    public int KeyCount { get; init; }

    /// <summary>The first of its keys, in order; at most <see cref="MaxFirstKeys"/>.</summary>
    public IReadOnlyList<string> FirstKeys { get; init; } = [];

    /// <summary>
    /// The node that holds the lease, where one of <see cref="FirstKeys"/> is a place in the queue for a lock or a leadership. <c>null</c>
    /// for other leases: the store does not know which process renews them.
    /// </summary>
    public string? Holder { get; init; }
}
