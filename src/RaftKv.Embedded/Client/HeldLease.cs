using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Client;

/// <summary>A lease that the <see cref="LeaseRenewer"/> renews.</summary>
internal sealed class HeldLease(RaftKvLeases leases, long id, TimeSpan timeToLive) : KvLease
{
    /// <summary>How long a disposal waits for the cluster, which answers in milliseconds while there is a quorum.</summary>
    private static readonly TimeSpan DisposeTimeout = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _lost = new();
    private int _ended;

    public override long Id => id;

    public override TimeSpan TimeToLive => timeToLive;

    public override CancellationToken LostToken => _lost.Token;

    /// <summary>Whether it is revoked when the host of this process stops.</summary>
    public bool EndsWithHost { get; init; }

    /// <summary>Whether a lock is held with it; see <see cref="LeaseRenewer.MarkLocked"/>.</summary>
    public bool HoldsLock { get; set; }

    public override async ValueTask RevokeAsync(CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
            return;
        leases.Forget(this);
        MarkLost();
        await leases.RevokeAsync(id, cancellationToken).ConfigureAwait(false);
    }

    public override async ValueTask DisposeAsync()
    {
        var revoked = RevokeAsync().AsTask();
        // The wait below may time out before the task ends.
        revoked.ObserveFailure();
        try
        {
            await revoked.WaitAsync(DisposeTimeout).ConfigureAwait(false);
        }
        catch (Exception e) when (e is RaftKvException or TimeoutException)
        {
            // The lease is not renewed any more, so it ends by itself.
        }
    }

    /// <summary>Fires the token at once; callbacks that are registered with it run on the pool.</summary>
    public void MarkLost() => _ = _lost.CancelAsync();
}
