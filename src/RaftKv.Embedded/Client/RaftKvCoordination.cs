using Microsoft.Extensions.Hosting;

namespace RaftKv.Embedded.Client;

internal sealed class RaftKvCoordination(IDistributedKv kv, IRaftKvLeases leases) : IRaftKvCoordination, IHostedLifecycleService, IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan EphemeralTimeToLive = TimeSpan.FromSeconds(15);

    private readonly SemaphoreSlim _gate = new(1);
    private KvLease? _ephemeral;

    public async ValueTask<KvLock> AcquireLockAsync(string name, KvLockOptions lockOptions = default, CancellationToken cancellationToken = default)
    {
        var (held, isFirst) = await EnterAsync(name, lockOptions, mayWait: true, cancellationToken).ConfigureAwait(false);
        try
        {
            if (!isFirst)
                await new LockLine(kv, held!).WaitAsync(cancellationToken).ConfigureAwait(false);
            return held!;
        }
        catch
        {
            await held!.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async ValueTask<KvLock?> TryAcquireLockAsync(string name, KvLockOptions lockOptions = default, CancellationToken cancellationToken = default) =>
        (await EnterAsync(name, lockOptions, mayWait: false, cancellationToken).ConfigureAwait(false)).Lock;

    public async Task RunWhenLeaderAsync(string name, Func<KvLock, CancellationToken, Task> work, KvLockOptions lockOptions = default, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        while (true)
        {
            KvLock leadership;
            try
            {
                leadership = await AcquireLockAsync(name, lockOptions, cancellationToken).ConfigureAwait(false);
            }
            catch (RaftKvException e) when (e.IsTransient || e is RaftKvLeaseException or RaftKvOutcomeUnknownException)
            {
                await Task.Delay(Pause, cancellationToken).ConfigureAwait(false);
                continue;
            }
            await using (leadership.ConfigureAwait(false))
            {
                if (await LeadAsync(leadership, work, cancellationToken).ConfigureAwait(false))
                    return;
            }
        }
    }

    public async ValueTask<KvLease> SetEphemeralAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_ephemeral is null or { IsLost: true })
                _ephemeral = await leases.GrantAsync(EphemeralTimeToLive, cancellationToken).ConfigureAwait(false);
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

    /// <summary>Before the replica stops: what goes with the process goes now.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        if (_ephemeral is { IsLost: false } lease)
            await lease.DisposeAsync().ConfigureAwait(false);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _gate.Dispose();

    /// <summary>Gets in line, in one step with looking whether anybody is in it.</summary>
    private async ValueTask<(KvLock? Lock, bool IsFirst)> EnterAsync(string name, KvLockOptions lockOptions, bool mayWait, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var lease = await leases.GrantAsync(lockOptions.TimeToLiveOrDefault, cancellationToken).ConfigureAwait(false);
        try
        {
            var key = LockLine.KeyOf(name, lease.Id);
            var bound = new KvSetOptions { LeaseId = lease.Id };
            var enter = new KvTransaction().If(KvCompare.CreateVersion(LockLine.RangeOf(name), KvRelation.Equal, KvVersion.None));
            enter.Then.Set(key, default, bound);
            if (mayWait)
                enter.Else.Set(key, default, bound);
            var entered = await kv.CommitAsync(enter, cancellationToken).ConfigureAwait(false);
            if (entered.Succeeded || mayWait)
                return (new KvLock(name, key, entered.Version, lease), entered.Succeeded);
            await lease.DisposeAsync().ConfigureAwait(false);
            return default;
        }
        catch
        {
            await lease.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Whether the work has ended by itself.</summary>
    private static async Task<bool> LeadAsync(KvLock leadership, Func<KvLock, CancellationToken, Task> work, CancellationToken cancellationToken)
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
        cancellationToken.ThrowIfCancellationRequested();
        return !leadership.LostToken.IsCancellationRequested;
    }
}
