namespace RaftKv.Embedded;

/// <summary>The process that holds a lock or a leadership.</summary>
public sealed record KvLockHolder
{
    /// <summary>The node of that process.</summary>
    public required string NodeId { get; init; }

    /// <summary>The token of its lock; see <see cref="KvLock.FencingToken"/>.</summary>
    public KvVersion FencingToken { get; init; }

    /// <summary>
    /// When the holder asked for the lock, by the wall clock of its machine. It has held the lock since then, or since the holder before it
    /// released it.
    /// </summary>
    public DateTimeOffset AskedAt { get; init; }

    /// <summary>How many others wait for the lock.</summary>
    public int Waiting { get; init; }

    /// <summary>
    /// The lease that the lock is bound to, see <see cref="IRaftKvLeases.GetAsync"/>; 0 when the key was not written by a lock.
    /// </summary>
    public long LeaseId { get; init; }
}
