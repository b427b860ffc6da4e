namespace RaftKv.Embedded;

/// <summary>A lease that this process holds and keeps alive. Disposing it revokes it.</summary>
public abstract class KvLease : IAsyncDisposable
{
    /// <summary>Its id, for <see cref="KvSetOptions.LeaseId"/>; also the version at which it was granted.</summary>
    public abstract long Id { get; }

    /// <summary>How long it lives without a renewal.</summary>
    public abstract TimeSpan TimeToLive { get; }

    /// <summary>
    /// Fires when the lease has ended or may end at any moment, before the cluster can have ended it for lack of a renewal. The deadline
    /// counts from the time when the last answered renewal was <i>sent</i>, and is shortened by the fraction
    /// <see cref="RaftKvOptions.MaxClockDrift"/> and by a twentieth of the time to live.
    /// </summary>
    public abstract CancellationToken LostToken { get; }

    /// <summary>Whether <see cref="LostToken"/> has fired.</summary>
    public bool IsLost => LostToken.IsCancellationRequested;

    /// <summary>Ends the lease: all its keys are deleted. Not an error if it has ended already.</summary>
    /// <exception cref="RaftKvException">The lease could not be revoked; it is not renewed any more, and ends by itself.</exception>
    public abstract ValueTask RevokeAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// As <see cref="RevokeAsync"/>, but waits for at most one second and throws no <see cref="RaftKvException"/>: when the cluster cannot
    /// be reached, the lease ends by itself.
    /// </summary>
    public abstract ValueTask DisposeAsync();
}
