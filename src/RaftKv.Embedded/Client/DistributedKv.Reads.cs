using System.Runtime.CompilerServices;
using RaftKv.Embedded.Replica;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Client;

internal sealed partial class DistributedKv
{
    public ValueTask<KvGetResult> GetAsync(string key, KvReadOptions readOptions = default, CancellationToken cancellationToken = default)
    {
        if (access.TryHost is not { } host)
            return GetOnceOpenAsync(key, readOptions, cancellationToken);
        if (CanReadNow(host, readOptions))
            return new ValueTask<KvGetResult>(ReadLocal(host, key, readOptions.Consistency));
        // Bad input is refused at once, not after a wait.
        Check(key);
        return WaitAndReadAsync(host, key, readOptions, cancellationToken);
    }

    public bool TryRead<TState, TResult>(string key, TState state, KvReader<TState, TResult> read, out TResult? result)
    {
        ArgumentNullException.ThrowIfNull(read);
        var replica = access.Host.Replica;
        if (!replica.HasCaughtUp)
            throw replica.NotServing();
        return TryReadInPlace(key, state, read, out result);
    }

    public ValueTask<KvReadResult<TResult>> ReadAsync<TState, TResult>(string key, TState state, KvReader<TState, TResult> read, KvReadOptions readOptions = default, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(read);
        if (access.TryHost is not { } host)
            return ReadOnceOpenAsync(key, state, read, readOptions, cancellationToken);
        if (CanReadNow(host, readOptions))
            return new ValueTask<KvReadResult<TResult>>(Look(key, state, read));
        Check(key);
        return WaitAndLookAsync(host, key, state, read, readOptions, cancellationToken);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<KvReadResult<TResult>> WaitAndLookAsync<TState, TResult>(
        ReplicaHost host, string key, TState state, KvReader<TState, TResult> read, KvReadOptions readOptions, CancellationToken cancellationToken)
    {
        await FreshAsync(host, readOptions, cancellationToken).ConfigureAwait(false);
        return Look(key, state, read);
    }

    private KvReadResult<TResult> Look<TState, TResult>(string key, TState state, KvReader<TState, TResult> read)
    {
        var found = TryReadInPlace(key, state, read, out var result);
        return new KvReadResult<TResult>(found, result);
    }

    /// <summary>Waits until this node has applied everything that was acknowledged anywhere before.</summary>
    internal async ValueTask ReadBarrierAsync(CancellationToken cancellationToken) =>
        await FreshAsync(await access.HostAsync(cancellationToken).ConfigureAwait(false), default, cancellationToken).ConfigureAwait(false);

    private static bool CanReadNow(ReplicaHost host, in KvReadOptions asked) => asked.Consistency switch
    {
        KvConsistency.Stale => host.Replica.HasCaughtUp && host.Applier.AppliedIndex >= asked.MinVersion.Value && (asked.MaxAge is not { } maxAge || host.Replica.IsAtMost(maxAge)),
        KvConsistency.LeaderLease => HoldsLease(host) && host.Applier.AppliedIndex >= asked.MinVersion.Value,
        _ => false,
    };

    /// <summary>
    /// Whether this node leads beyond doubt and has applied all that anybody can have been told is written. The commit index is read before the clock: a
    /// lease that still holds then held when the index was current.
    /// </summary>
    private static bool HoldsLease(ReplicaHost host)
    {
        var commit = host.Replica.CommitIndex;
        Volatile.ReadBarrier();
        return host.Clock.Ticks < host.Replica.LeaseUntil && host.Applier.AppliedIndex >= commit;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<KvGetResult> WaitAndReadAsync(ReplicaHost host, string key, KvReadOptions readOptions, CancellationToken cancellationToken)
    {
        await FreshAsync(host, readOptions, cancellationToken).ConfigureAwait(false);
        return ReadLocal(host, key, readOptions.Consistency);
    }

    /// <summary>Waits until this node's own copy is as fresh as asked for.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask FreshAsync(ReplicaHost host, KvReadOptions asked, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (CanReadNow(host, asked))
            return;
        if (asked.Consistency == KvConsistency.LeaderLease)
            host.Replica.WantLease();
        // A stale read waits only while a restarted node does not know yet how far it had been, or when the copy may be too old: one read index tells, or brings it up to date.
        if (asked.Consistency != KvConsistency.Stale || !host.Replica.HasCaughtUp)
            await ReadIndexAsync(host, cancellationToken).ConfigureAwait(false);
        else if (asked.MaxAge is { } maxAge && !host.Replica.IsAtMost(maxAge))
            await RefreshAsync(host, maxAge, cancellationToken).ConfigureAwait(false);
        if (host.Applier.AppliedIndex < asked.MinVersion.Value)
            await host.WaitAppliedAsync(asked.MinVersion.Value, cancellationToken).ConfigureAwait(false);
    }

    private static ValueTask ReadIndexAsync(ReplicaHost host, CancellationToken cancellationToken)
    {
        var ready = host.JoinReads().Ready;
        return cancellationToken.CanBeCanceled ? new ValueTask(ready.AsTask().WaitAsync(cancellationToken)) : ready;
    }

    /// <exception cref="RaftKvUnavailableException"><see cref="RaftKvUnavailableReason.StaleRead"/>: the copy could not be brought up to date in time.</exception>
    private static async ValueTask RefreshAsync(ReplicaHost host, TimeSpan maxAge, CancellationToken cancellationToken)
    {
        try
        {
            await ReadIndexAsync(host, cancellationToken).ConfigureAwait(false);
        }
        catch (RaftKvUnavailableException e) when (e.IsTransient)
        {
            throw Errors.StaleRead(host.Replica.Age, maxAge, e);
        }
    }

    [SkipLocalsInit]
    private KvGetResult ReadLocal(ReplicaHost host, string key, KvConsistency consistency)
    {
        var name = new KeyEncoding(key, Limits.MaxKeyBytes, stackalloc byte[KeyEncoding.StackBytes]);
        try
        {
            // Before the read: what was applied by now is in the answer.
            var readAt = new KvVersion(host.Applier.AppliedIndex);
            var age = consistency == KvConsistency.Stale ? host.Replica.Age : TimeSpan.Zero;
            var read = Read(host, name.Bytes);
            return read with { ReadAt = readAt, Age = age, ExpiresAtMs = host.Replica.ToWallTime(read.ExpiresAtMs) };
        }
        finally
        {
            name.Dispose();
        }
    }

    private static KvGetResult Read(ReplicaHost host, ReadOnlySpan<byte> key)
    {
        Visit(host, key, new CopyLook(), out var copied);
        var result = copied.Result;
        if (result.SlidingMs != 0)
            host.Replica.NoteUse(key, result.Version.Value, result.ExpiresAtMs, result.SlidingMs);
        return result;
    }

    private static bool Visit<TLook>(ReplicaHost host, ReadOnlySpan<byte> key, TLook look, out TLook looked) where TLook : struct, IRecordLook
    {
        var guarded = new GuardedLook<TLook>(look);
        var found = Visit(host, key, GuardedLook<TLook>.Visit(ref guarded));
        looked = guarded.Result();
        return found;
    }

    private static bool Visit(ReplicaHost host, ReadOnlySpan<byte> key, RecordVisit visit)
    {
        while (true)
        {
            var store = host.Applier.State.Store;
            try
            {
                return store.Visit(key, visit);
            }
            catch (ObjectDisposedException) when (host.Applier.State.Store != store)
            {
                // A snapshot was installed between the two looks: its store is the one to read.
            }
            catch (ObjectDisposedException) when (host.HasEnded)
            {
                throw Errors.Stopping();
            }
        }
    }

    private void Check(string key)
    {
        var name = new KeyEncoding(key, Limits.MaxKeyBytes, stackalloc byte[KeyEncoding.StackBytes]);
        name.Dispose();
    }
}
