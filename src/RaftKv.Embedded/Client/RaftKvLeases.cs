using System.Text;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Client;

/// <summary>Grants, revokes and lists leases. A <see cref="LeaseRenewer"/> renews those that this process holds.</summary>
internal sealed class RaftKvLeases(ReplicaAccess access, DistributedKv kv, RaftKvOptions options,
    LeaseRenewer? renewer = null) : IRaftKvLeases
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(24);

    private const int MaxListed = 1_000;

    private readonly LeaseRenewer _keeper = renewer ?? new LeaseRenewer(access, options);

    public async ValueTask<KvLease> GrantAsync(TimeSpan timeToLive, CancellationToken cancellationToken = default) =>
        await GrantAsync(timeToLive, endsWithHost: false, cancellationToken).ConfigureAwait(false);

    /// <param name="timeToLive">500 ms to 24 h.</param>
    /// <param name="endsWithHost">Whether the lease is revoked when the host stops, if it is held then.</param>
    public async ValueTask<HeldLease> GrantAsync(TimeSpan timeToLive, bool endsWithHost, CancellationToken cancellationToken)
    {
        if (timeToLive < Shortest || timeToLive > Longest)
            throw new ArgumentOutOfRangeException(nameof(timeToLive), timeToLive, "A lease lives from 500 ms to 24 h. Nothing was sent.");
        var sentAt = (await access.HostAsync(cancellationToken).ConfigureAwait(false)).Clock.Ticks;
        var granted = await kv.WriteAsync(Command(KvOperation.GrantLease, (long)timeToLive.TotalMilliseconds),
            cancellationToken).ConfigureAwait(false);
        var lease = new HeldLease(this, granted.Version.Value, timeToLive) { EndsWithHost = endsWithHost };
        _keeper.Hold(lease, sentAt);
        return lease;
    }

    public async ValueTask<bool> RevokeAsync(long leaseId, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(leaseId);
        try
        {
            await kv.WriteAsync(Command(KvOperation.RevokeLease, leaseId), cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (RaftKvLeaseException e) when (e.Error == RaftKvLeaseError.NotFound)
        {
            return false;
        }
    }

    public async ValueTask<KvLeaseInfo?> GetAsync(long leaseId, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(leaseId);
        return await ReadStateAsync(state => Describe(state, leaseId), cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<IReadOnlyList<KvLeaseSummary>> ListAsync(long after = 0, int limit = 100,
        CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(after);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, MaxListed);
        var leases = await ReadStateAsync(state => Summarize(state, after, limit), cancellationToken).ConfigureAwait(false);
        for (var i = 0; i < leases.Length; i++)
            leases[i] = await WithHolderAsync(leases[i], cancellationToken).ConfigureAwait(false);
        return leases;
    }

    /// <summary>The host stops: revokes the leases that end with it, so that other nodes need not wait until they expire.</summary>
    public Task EndWithHostAsync(CancellationToken cancellationToken) => ReleaseAsync(_keeper.ThatEndWithHost(), cancellationToken);

    /// <summary>
    /// Revokes leases. Waits for at most the hand-over timeout, and not at all while no leader is known: the leases end by themselves then.
    /// </summary>
    public async Task ReleaseAsync(KvLease[] held, CancellationToken cancellationToken)
    {
        if (held.Length == 0)
            return;
        var released = Task.WhenAll(held.Select(lease => lease.DisposeAsync().AsTask()));
        if (access.TryHost is { Replica.IsLed: true })
            await Task.WhenAny(released, Task.Delay(options.HandOverTimeout, cancellationToken)).ConfigureAwait(false);
    }

    public void MarkLocked(KvLease lease) => _keeper.MarkLocked(lease);

    public void Forget(HeldLease lease) => _keeper.Forget(lease);

    /// <summary>
    /// Reads the state between two entries, on the apply thread, once it contains everything that was acknowledged before the call.
    /// </summary>
    private async Task<T> ReadStateAsync<T>(Func<KvStateMachine, T> read, CancellationToken cancellationToken)
    {
        await kv.ReadBarrierAsync(cancellationToken).ConfigureAwait(false);
        return await AppliedState.RunAsync(access.Host, options.RequestTimeout, read, undo: static _ => { },
            cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<KvLeaseSummary> WithHolderAsync(KvLeaseSummary lease, CancellationToken cancellationToken)
    {
        if (lease.FirstKeys.FirstOrDefault(LockQueue.IsPlace) is not { } place)
            return lease;
        var ticket = await kv.GetAsync(place, KvReadOptions.Stale, cancellationToken).ConfigureAwait(false);
        var holder = ticket is { Found: true } && ticket.LeaseId == lease.LeaseId ? LockTicket.Decode(ticket.Value.Span).NodeId : "";
        return lease with { Holder = holder.Length == 0 ? null : holder };
    }

    /// <summary>Apply thread.</summary>
    private static KvLeaseInfo? Describe(KvStateMachine state, long id) => state.Leases.Find(id) is not { } lease ? null
        : new KvLeaseInfo
        {
            LeaseId = id,
            TimeToLive = TimeSpan.FromMilliseconds(lease.TimeToLiveMs),
            Remaining = Remaining(state, lease),
            Keys = [.. lease.Keys.Select(Encoding.UTF8.GetString)],
        };

    /// <summary>Apply thread.</summary>
    private static KvLeaseSummary[] Summarize(KvStateMachine state, long after, int limit) =>
    [
        .. state.Leases.All.Where(l => l.Id > after).OrderBy(l => l.Id).Take(limit).Select(l => new KvLeaseSummary
        {
            LeaseId = l.Id,
            TimeToLive = TimeSpan.FromMilliseconds(l.TimeToLiveMs),
            Remaining = Remaining(state, l),
            KeyCount = l.Keys.Count,
            FirstKeys = [.. l.Keys.Take(KvLeaseSummary.MaxFirstKeys).Select(Encoding.UTF8.GetString)],
        }),
    ];

    private static TimeSpan Remaining(KvStateMachine state, Lease lease) =>
        TimeSpan.FromMilliseconds(Math.Max(0, state.Leases.RestMs(lease, state.LogTimeMs)));

    private static byte[] Command(KvOperation operation, long number)
    {
        var command = new byte[KvCommand.LeaseBytes];
        KvCommand.WriteLease(command, operation, number);
        return command;
    }
}
