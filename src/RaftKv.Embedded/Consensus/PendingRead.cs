namespace RaftKv.Embedded.Consensus;

/// <summary>
/// A read that waits, since <paramref name="AskedAt"/> in ticks. <paramref name="From"/> is the follower that asks for it, or null for this
/// node.
/// </summary>
internal readonly record struct PendingRead(long Id, string? From, long AskedAt);
