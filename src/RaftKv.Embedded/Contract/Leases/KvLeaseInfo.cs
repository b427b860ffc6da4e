namespace RaftKv.Embedded;

/// <summary>A lease at one moment.</summary>
public sealed record KvLeaseInfo
{
    /// <summary>Its id.</summary>
    public required long LeaseId { get; init; }

    /// <summary>How long it lives without a renewal.</summary>
    public TimeSpan TimeToLive { get; init; }

    /// <summary>The rest of <see cref="TimeToLive"/> when this node last applied an entry; not below zero.</summary>
    public TimeSpan Remaining { get; init; }

    /// <summary>The keys bound to it, in order.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];
}
