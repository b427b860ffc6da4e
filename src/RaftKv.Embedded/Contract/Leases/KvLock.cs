namespace RaftKv.Embedded;

/// <summary>A lock that this process holds. Disposing it releases it.</summary>
/// <remarks>
/// A lock alone does not make two holders at a time impossible: a process that is suspended for longer than the time to live goes on as
/// the former holder until it sees <see cref="LostToken"/>. Guard what must not be done twice where it is done: pass
/// <see cref="FencingToken"/> along and refuse a smaller one than was seen before, or make writes to this store conditional on
/// <see cref="StillHeld"/>.
/// </remarks>
public abstract class KvLock : IAsyncDisposable
{
    /// <summary>What is locked.</summary>
    public abstract string Name { get; }

    /// <summary>The key that stands for this holder; it exists as long as the lock is held or waited for.</summary>
    public abstract string Key { get; }

    /// <summary>Rises from holder to holder of the same lock. It is the version that created <see cref="Key"/>.</summary>
    public abstract KvVersion FencingToken { get; }

    /// <summary>
    /// Fires when the lock is lost or released, before the cluster can have given it to another process; see
    /// <see cref="KvLease.LostToken"/>.
    /// </summary>
    public abstract CancellationToken LostToken { get; }

    /// <summary>Whether <see cref="LostToken"/> has fired.</summary>
    public bool IsLost => LostToken.IsCancellationRequested;

    /// <summary>
    /// A condition for transactions: this holder still has the lock. What such a transaction writes cannot come after the next holder.
    /// </summary>
    public KvCompare StillHeld => KvCompare.CreateVersion(Key, KvRelation.Equal, FencingToken);

    /// <summary>Releases the lock; the next in the queue gets it. Not an error if it was lost.</summary>
    /// <exception cref="RaftKvException">It could not be released; the next gets it once its time to live is over.</exception>
    public abstract ValueTask ReleaseAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// As <see cref="ReleaseAsync"/>; when the cluster cannot be reached, the next gets the lock once its time to live is over.
    /// </summary>
    public abstract ValueTask DisposeAsync();
}
