namespace RaftKv.Embedded;

/// <summary>A lock that this process holds. Disposing it releases it.</summary>
/// <remarks>
/// A lock alone does not make two holders at a time impossible: a process that is suspended for longer than the time to live wakes up as the former holder and does not know it yet.
/// What must not be done twice is to be guarded where it is done: pass <see cref="FencingToken"/> along and refuse a smaller one than was seen before, or make writes to this
/// store depend on the lock's key in the same transaction (<see cref="IsHeld"/>).
/// </remarks>
public sealed class KvLock : IAsyncDisposable
{
    internal KvLock(string name, string key, KvVersion token, KvLease lease) =>
        (Name, Key, FencingToken, Lease) = (name, key, token, lease);

    internal KvLease Lease { get; }

    /// <summary>What is locked.</summary>
    public string Name { get; }

    /// <summary>The key that stands for this holder; it exists as long as the lock is held or waited for.</summary>
    public string Key { get; }

    /// <summary>Rises from holder to holder of the same lock.</summary>
    public KvVersion FencingToken { get; }

    /// <summary>Fires when the lock is lost or released, before the cluster can have given it to anybody else; see <see cref="KvLease.Lost"/>.</summary>
    public CancellationToken LostToken => Lease.Lost;

    /// <summary>A condition for transactions: this holder still has the lock. What such a transaction writes cannot come after the next holder.</summary>
    public KvCompare IsHeld => KvCompare.CreateVersion(Key, KvRelation.Equal, FencingToken);

    /// <summary>Releases the lock; the next in line has it. Not an error if it was lost.</summary>
    /// <exception cref="RaftKvException">It could not be released; it goes to the next once its time to live is over.</exception>
    public ValueTask ReleaseAsync(CancellationToken cancellationToken = default) => Lease.RevokeAsync(cancellationToken);

    /// <summary>As <see cref="ReleaseAsync"/>; when the cluster cannot be reached the lock goes to the next once its time to live is over.</summary>
    public ValueTask DisposeAsync() => Lease.DisposeAsync();
}
