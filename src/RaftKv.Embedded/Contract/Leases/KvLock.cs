namespace RaftKv.Embedded;

/// <summary>A lock that this process holds. Disposing it releases it.</summary>
/// <remarks>
/// A lock alone does not exclude two holders at a time: a process that is suspended for longer than the time to live continues as the
/// former holder until it sees <see cref="LostToken"/>. Guard an action that must not be done twice where it takes effect: pass
/// <see cref="FencingToken"/> along and refuse a token that is smaller than the greatest one seen, or make writes to this store conditional
/// on <see cref="StillHeld"/>.
/// </remarks>
public abstract class KvLock : IAsyncDisposable
{
    /// <summary>The name of the lock.</summary>
    public abstract string Name { get; }

    /// <summary>The key of this holder's place in the queue; it exists as long as this holder has the lock or waits for it.</summary>
    public abstract string Key { get; }

    /// <summary>Greater for each later holder of the same lock. It is the version that created <see cref="Key"/>.</summary>
    public abstract KvVersion FencingToken { get; }

    /// <summary>
    /// Fires when the lock is lost or released, before the cluster can have given it to another process; see
    /// <see cref="KvLease.LostToken"/>.
    /// </summary>
    public abstract CancellationToken LostToken { get; }

    /// <summary>Whether <see cref="LostToken"/> has fired.</summary>
    public bool IsLost => LostToken.IsCancellationRequested;

    /// <summary>
    /// A condition for transactions: this holder still has the lock. A transaction with this condition is not applied once the lock has
    /// passed to the next holder.
    /// </summary>
    public KvCompare StillHeld => KvCompare.CreateVersion(Key, KvRelation.Equal, FencingToken);

    /// <summary>Releases the lock; the next caller in the queue gets it. Not an error if the lock was lost.</summary>
    /// <exception cref="RaftKvException">The release failed; the next caller gets the lock once its time to live is over.</exception>
    public abstract ValueTask ReleaseAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// As <see cref="ReleaseAsync"/>, but waits for at most one second and throws no <see cref="RaftKvException"/>: when the cluster cannot
    /// be reached, the next caller gets the lock once its time to live is over.
    /// </summary>
    public abstract ValueTask DisposeAsync();
}
