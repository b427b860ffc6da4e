using System.Runtime.CompilerServices;
using RaftKv.Embedded.Replica;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Client;

internal sealed partial class DistributedKv
{
    public ValueTask<KvGetResult> GetAsync(string key, KvReadOptions readOptions = default, CancellationToken cancellationToken = default)
    {
        var host = access.Host;
        if (CanReadNow(host, readOptions.Consistency, readOptions.MinVersion))
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
        var host = access.Host;
        if (CanReadNow(host, readOptions.Consistency, readOptions.MinVersion))
            return new ValueTask<KvReadResult<TResult>>(Look(key, state, read));
        Check(key);
        return WaitAndLookAsync(host, key, state, read, readOptions, cancellationToken);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<KvReadResult<TResult>> WaitAndLookAsync<TState, TResult>(
        ReplicaHost host, string key, TState state, KvReader<TState, TResult> read, KvReadOptions readOptions, CancellationToken cancellationToken)
    {
        await FreshAsync(host, readOptions.Consistency, readOptions.MinVersion, cancellationToken).ConfigureAwait(false);
        return Look(key, state, read);
    }

    private KvReadResult<TResult> Look<TState, TResult>(string key, TState state, KvReader<TState, TResult> read)
    {
        var found = TryReadInPlace(key, state, read, out var result);
        return new KvReadResult<TResult>(found, result);
    }

    /// <summary>Waits until this node has applied everything that was acknowledged anywhere before.</summary>
    internal ValueTask ReadBarrierAsync(CancellationToken cancellationToken) => FreshAsync(access.Host, KvConsistency.Linearizable, KvVersion.None, cancellationToken);

    private static bool CanReadNow(ReplicaHost host, KvConsistency consistency, KvVersion minVersion) => consistency switch
    {
        KvConsistency.Stale => host.Replica.HasCaughtUp && host.Applier.AppliedIndex >= minVersion.Value,
        KvConsistency.LeaderLease => HoldsLease(host) && host.Applier.AppliedIndex >= minVersion.Value,
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
        await FreshAsync(host, readOptions.Consistency, readOptions.MinVersion, cancellationToken).ConfigureAwait(false);
        return ReadLocal(host, key, readOptions.Consistency);
    }

    /// <summary>Waits until this node's own copy is as fresh as asked for.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask FreshAsync(ReplicaHost host, KvConsistency consistency, KvVersion minVersion, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (CanReadNow(host, consistency, minVersion))
            return;
        if (consistency == KvConsistency.LeaderLease)
            host.Replica.WantLease();
        // A stale read waits only while a restarted node does not know yet how far it had been: one read index tells.
        if (consistency != KvConsistency.Stale || !host.Replica.HasCaughtUp)
        {
            var ready = host.JoinReads().Ready;
            if (cancellationToken.CanBeCanceled)
                await ready.AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);
            else
                await ready.ConfigureAwait(false);
        }
        if (host.Applier.AppliedIndex < minVersion.Value)
            await host.WaitAppliedAsync(minVersion.Value, cancellationToken).ConfigureAwait(false);
    }

    [SkipLocalsInit]
    private KvGetResult ReadLocal(ReplicaHost host, string key, KvConsistency consistency)
    {
        var name = new KeyEncoding(key, Limits.MaxKeyBytes, stackalloc byte[KeyEncoding.StackBytes]);
        try
        {
            // Before the read: what was applied by now is in the answer.
            var readAt = new KvVersion(host.Applier.AppliedIndex);
            var age = consistency == KvConsistency.Stale ? host.Replica.LastLeaderContact ?? Timeout.InfiniteTimeSpan : TimeSpan.Zero;
            return Read(host, name.Bytes) with { ReadAt = readAt, Age = age };
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
