using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Node;

namespace RaftKv.Embedded.Client;

/// <summary>
/// Locks, leaderships and ephemeral keys, made of leases, keys and transactions. Revokes the lease of the ephemeral keys when the host
/// stops.
/// </summary>
internal sealed class RaftKvCoordination(IDistributedKv kv, RaftKvLeases leases, ReplicaAccess access,
    IOptions<RaftKvOptions> options) : IRaftKvCoordination, IHostedLifecycleService, IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>How often a node that was removed or is faulted checks whether it may stand for election again.</summary>
    private static readonly TimeSpan LongPause = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan EphemeralTimeToLive = TimeSpan.FromSeconds(15);

    private readonly SemaphoreSlim _gate = new(1);
    private KvLease? _ephemeral;

    public async ValueTask<KvLock> AcquireLockAsync(
        string name, KvLockOptions lockOptions = default, CancellationToken cancellationToken = default) =>
        (await MeasureAsync(CallWatch.Begin(span: null), AcquireAsync(name, lockOptions, cancellationToken)).ConfigureAwait(false))!;

    public ValueTask<KvLock?> TryAcquireLockAsync(
        string name, KvLockOptions lockOptions = default, CancellationToken cancellationToken = default) =>
        MeasureAsync(CallWatch.Begin(span: null), TryAcquireAsync(name, lockOptions, cancellationToken));

    public async Task RunWhenLeaderAsync(string name, Func<KvLock, CancellationToken, Task> work, KvLockOptions lockOptions = default,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, access.Stopping);
        try
        {
            while (!await RunOnceAsync(name, work, lockOptions, end.Token).ConfigureAwait(false))
            {
                // Leadership was lost, or could not be acquired for now.
            }
        }
        catch (Exception e) when (IsStop(e) && access.Stopping.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // The host stops, which is no error of the work. An exception would end a background service as failed.
        }
    }

    public async ValueTask<KvLockHolder?> GetHolderAsync(string name, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return (await new LockObserver(kv, name).LookAsync(cancellationToken).ConfigureAwait(false)).Holder;
    }

    public IAsyncEnumerable<KvLockHolder?> WatchLeaderAsync(string name, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new LockObserver(kv, name).WatchAsync(cancellationToken);
    }

    public async ValueTask<KvLease> SetEphemeralAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_ephemeral is null or { IsLost: true })
                _ephemeral = await leases.GrantAsync(EphemeralTimeToLive, endsWithHost: true, cancellationToken).ConfigureAwait(false);
            await kv.SetAsync(key, value, new KvSetOptions { LeaseId = _ephemeral.Id }, cancellationToken).ConfigureAwait(false);
            return _ephemeral;
        }
        finally
        {
            _gate.Release();
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Before the replica stops: revokes the lease of the ephemeral keys, which end with the process.</summary>
    public Task StoppingAsync(CancellationToken cancellationToken) =>
        leases.ReleaseAsync(_ephemeral is { IsLost: false } lease ? [lease] : [], cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _gate.Dispose();

    private async ValueTask<HeldLock?> AcquireAsync(string name, KvLockOptions lockOptions, CancellationToken cancellationToken)
    {
        var (held, isFirst) = await EnterAsync(name, lockOptions, mayWait: true, cancellationToken).ConfigureAwait(false);
        try
        {
            if (!isFirst)
                await WaitInLineAsync(held!, cancellationToken).ConfigureAwait(false);
            return held!;
        }
        catch
        {
            ReleaseAside(held!.DisposeAsync());
            throw;
        }
    }

    private async ValueTask<HeldLock?> TryAcquireAsync(string name, KvLockOptions lockOptions, CancellationToken cancellationToken) =>
        (await EnterAsync(name, lockOptions, mayWait: false, cancellationToken).ConfigureAwait(false)).Lock;

    /// <summary>Measures how long acquiring a lock takes, and counts the held locks.</summary>
    private async ValueTask<KvLock?> MeasureAsync(CallWatch watch, ValueTask<HeldLock?> acquiring)
    {
        var outcome = "failed";
        try
        {
            var held = await acquiring.ConfigureAwait(false);
            if (held is not null)
                leases.MarkLocked(held.Lease);
            outcome = held is null ? "taken" : "acquired";
            return held;
        }
        finally
        {
            access.TryHost?.Telemetry.Leases.Asked(watch.Elapsed, outcome);
        }
    }

    /// <summary>Takes a place in the queue, and learns in the same transaction whether it is the first.</summary>
    private async ValueTask<(HeldLock? Lock, bool IsFirst)> EnterAsync(
        string name, KvLockOptions lockOptions, bool mayWait, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var lease = await leases.GrantAsync(lockOptions.TimeToLiveOrDefault, endsWithHost: true, cancellationToken).ConfigureAwait(false);
        try
        {
            var key = LockQueue.KeyOf(name, lease.Id);
            var bound = new KvSetOptions { LeaseId = lease.Id };
            var enter = new KvTransaction().If(KvCompare.CreateVersion(LockQueue.RangeOf(name), KvRelation.Equal, KvVersion.None));
            var ticket = LockTicket.Encode(options.Value.NodeId, access.TryHost?.Clock.Wall ?? TimeProvider.System.GetUtcNow());
            enter.Then.SetReserved(key, ticket, bound);
            if (mayWait)
                enter.Else.SetReserved(key, ticket, bound);
            var entered = await kv.CommitAsync(enter, cancellationToken).ConfigureAwait(false);
            if (entered.Succeeded || mayWait)
                return (new HeldLock(name, key, entered.Version, lease), entered.Succeeded);
            await lease.DisposeAsync().ConfigureAwait(false);
            return default;
        }
        catch
        {
            ReleaseAside(lease.DisposeAsync());
            throw;
        }
    }

    private async Task WaitInLineAsync(KvLock place, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, access.Stopping);
        try
        {
            await new LockQueue(kv, place).WaitAsync(end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw Errors.Stopping();
        }
    }

    /// <summary>Stands for election once, and leads until the work ends or leadership is lost.</summary>
    /// <returns>Whether the work has ended by itself.</returns>
    private async Task<bool> RunOnceAsync(string name, Func<KvLock, CancellationToken, Task> work, KvLockOptions lockOptions,
        CancellationToken cancellationToken)
    {
        KvLock leadership;
        try
        {
            leadership = await AcquireLockAsync(name, lockOptions, cancellationToken).ConfigureAwait(false);
        }
        catch (RaftKvException e) when (!IsStop(e) && (IsOut(e) || e.IsTransient
            || e is RaftKvLeaseException or RaftKvOutcomeUnknownException))
        {
            await Task.Delay(IsOut(e) ? LongPause : Pause, cancellationToken).ConfigureAwait(false);
            return false;
        }
        try
        {
            return await LeadAsync(leadership, work, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            var released = leadership.DisposeAsync();
            // After a cancellation the caller does not wait for the cluster.
            if (cancellationToken.IsCancellationRequested)
                ReleaseAside(released);
            else
                await released.ConfigureAwait(false);
        }
    }

    /// <summary>Runs the work. Returns whether it has ended by itself, and not because leadership was lost.</summary>
    private static async Task<bool> LeadAsync(KvLock leadership, Func<KvLock, CancellationToken, Task> work,
        CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, leadership.LostToken);
        try
        {
            await work(leadership, end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (leadership.LostToken.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        catch (RaftKvUnavailableException e) when (IsOut(e))
        {
            // The work saw the error before the lost token fired: leadership ends with the membership.
            return false;
        }
        cancellationToken.ThrowIfCancellationRequested();
        return !leadership.LostToken.IsCancellationRequested;
    }

    /// <summary>
    /// Whether the error says that this node was removed, and may be added again, or is faulted. The host continues to run in both cases,
    /// so the call must not end.
    /// </summary>
    private static bool IsOut(Exception e) =>
        e is RaftKvUnavailableException { Reason: RaftKvUnavailableReason.Removed or RaftKvUnavailableReason.Faulted };

    private static bool IsStop(Exception e) =>
        e is OperationCanceledException or RaftKvUnavailableException { Reason: RaftKvUnavailableReason.Stopping };

    /// <summary>Releases in the background. A lease that cannot be revoked ends by itself, so no caller waits for it.</summary>
    private static void ReleaseAside(ValueTask released) => _ = released.AsTask();
}
