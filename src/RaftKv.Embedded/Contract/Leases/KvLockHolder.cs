namespace RaftKv.Embedded;

/// <summary>The process that holds a lock or an office.</summary>
/// <param name="NodeId">The node of that process.</param>
/// <param name="FencingToken">The token of its lock; see <see cref="KvLock.FencingToken"/>.</param>
/// <param name="AskedAt">When it asked for the lock, by the wall clock of its machine. It has held it since then, or since the holder before it released it.</param>
/// <param name="Waiting">How many wait for the lock behind it.</param>
/// <param name="LeaseId">The lease that the lock is bound to, see <see cref="IRaftKvLeases.GetAsync"/>; 0 when something else than a lock
/// wrote the key.</param>
public sealed record KvLockHolder(string NodeId, KvVersion FencingToken, DateTimeOffset AskedAt, int Waiting, long LeaseId);
