using RaftKv.Embedded.Client;

namespace RaftKv.Embedded;

/// <summary>A lease that this process holds and keeps alive. Disposing it revokes it.</summary>
public sealed class KvLease : IAsyncDisposable
{
    /// <summary>How long a disposal waits for the cluster, which answers in milliseconds while there is a quorum.</summary>
    private static readonly TimeSpan DisposePatience = TimeSpan.FromSeconds(1);

    private readonly RaftKvLeases _leases;
    private readonly CancellationTokenSource _lost = new();
    private int _ended;

    internal KvLease(RaftKvLeases leases, long id, TimeSpan timeToLive) => (_leases, Id, TimeToLive, Lost) = (leases, id, timeToLive, _lost.Token);

    /// <summary>Its id, for <see cref="KvSetOptions.LeaseId"/>; also the version at which it was granted.</summary>
    public long Id { get; }

    /// <summary>How long it lives without a sign of life.</summary>
    public TimeSpan TimeToLive { get; }

    /// <summary>
    /// Fires when the lease has ended or may end any moment, before the cluster can have ended it for lack of a sign of life: the deadline counts from when the last renewal that was
    /// answered had been <i>sent</i>, and is shortened by <see cref="RaftKvOptions.MaxClockDrift"/> and a twentieth. Never un-fires.
    /// </summary>
    public CancellationToken Lost { get; }

    /// <summary>Whether <see cref="Lost"/> has fired.</summary>
    public bool IsLost => Lost.IsCancellationRequested;

    /// <summary>Whether it is revoked when the host of this process stops.</summary>
    internal bool EndsWithHost { get; init; }

    /// <summary>Whether a lock is held with it; see <see cref="LeaseKeeper.MarkLocked"/>.</summary>
    internal bool HoldsLock { get; set; }

    /// <summary>Ends the lease: all its keys go. Not an error if it has ended already.</summary>
    /// <exception cref="RaftKvException">It could not be revoked; it is not kept alive any more, and ends by itself.</exception>
    public async ValueTask RevokeAsync(CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
            return;
        _leases.Forget(this);
        MarkLost();
        await _leases.RevokeAsync(Id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>As <see cref="RevokeAsync"/>, and waits for at most one second; when the cluster cannot be reached the lease ends by itself.</summary>
    public async ValueTask DisposeAsync()
    {
        var revoked = RevokeAsync().AsTask();
        // The wait may end first.
        _ = revoked.ContinueWith(static ended => ended.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        try
        {
            await revoked.WaitAsync(DisposePatience).ConfigureAwait(false);
        }
        catch (Exception e) when (e is RaftKvException or TimeoutException)
        {
            // It is not renewed any more, and that is enough.
        }
    }

    /// <summary>The token says so at once; who has registered with it runs on the pool.</summary>
    internal void MarkLost() => _ = _lost.CancelAsync();
}
