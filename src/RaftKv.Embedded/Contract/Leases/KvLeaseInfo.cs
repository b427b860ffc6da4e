namespace RaftKv.Embedded;

/// <summary>What a lease is, at one moment.</summary>
/// <param name="LeaseId">Its id.</param>
/// <param name="TimeToLive">How long it lives without a sign of life.</param>
/// <param name="Remaining">What was left of that when this node last applied an entry; not below zero.</param>
/// <param name="Keys">The keys bound to it, in order.</param>
public sealed record KvLeaseInfo(long LeaseId, TimeSpan TimeToLive, TimeSpan Remaining, IReadOnlyList<string> Keys);
