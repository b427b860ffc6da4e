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
            return new ValueTask<KvGetResult>(ReadLocal(host, key, isStale: readOptions.Consistency == KvConsistency.Stale));
        if (CanReadStale(host, readOptions))
            return new ValueTask<KvGetResult>(ReadLocal(host, key, isStale: true));
        // Bad input is refused at once, not after a wait.
        Check(key);
        return WaitAndReadAsync(host, key, readOptions, cancellationToken);
    }

    public bool TryRead<TState, TResult>(string key, TState state, KvReader<TState, TResult> read, out TResult? result)
    {
        ArgumentNullException.ThrowIfNull(read);
        var replica = access.Host.Replica;
        if (!replica.ServesOwnCopy)
            throw replica.NotServing();
        return TryReadInPlace(key, state, read, out result);
    }

    public ValueTask<KvReadResult<TResult>> ReadAsync<TState, TResult>(string key, TState state, KvReader<TState, TResult> read, KvReadOptions readOptions = default, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(read);
        if (access.TryHost is not { } host)
            return ReadOnceOpenAsync(key, state, read, readOptions, cancellationToken);
        if (CanReadNow(host, readOptions) || CanReadStale(host, readOptions))
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
        KvConsistency.Stale => host.Replica.ServesOwnCopy && host.Applier.AppliedIndex >= asked.MinVersion.Value && (asked.MaxAge is not { } maxAge || host.Replica.IsAtMost(maxAge)),
        KvConsistency.LeaderLease => HoldsLease(host) && host.Applier.AppliedIndex >= asked.MinVersion.Value,
        _ => false,
    };

    /// <summary>Whether the read may be stale without a leader, and there is none.</summary>
    private static bool CanReadStale(ReplicaHost host, in KvReadOptions asked) =>
        asked.StaleWithoutLeader && host.Replica.ServesWithoutLeader && host.Applier.AppliedIndex >= asked.MinVersion.Value;

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
        var isStale = await FreshAsync(host, readOptions, cancellationToken).ConfigureAwait(false);
        return ReadLocal(host, key, isStale || readOptions.Consistency == KvConsistency.Stale);
    }

    /// <summary>Waits until this node's own copy is as fresh as asked for.</summary>
    /// <returns>Whether it may be older than asked for, because there is no leader and the read allows it.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> FreshAsync(ReplicaHost host, KvReadOptions asked, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (CanReadNow(host, asked))
            return false;
        if (CanReadStale(host, asked))
            return true;
        var isStale = false;
        if (asked.Consistency == KvConsistency.LeaderLease)
            host.Replica.WantLease();
        // A stale read waits only while a restarted node does not know yet how far it had been, or when the copy may be too old: one read index tells, or brings it up to date.
        if (asked.Consistency != KvConsistency.Stale || !host.Replica.ServesOwnCopy)
            isStale = await ReadIndexAsync(host, MayBeStale(asked), cancellationToken).ConfigureAwait(false);
        else if (asked.MaxAge is { } maxAge && !host.Replica.IsAtMost(maxAge))
            await RefreshAsync(host, maxAge, cancellationToken).ConfigureAwait(false);
        if (host.Applier.AppliedIndex < asked.MinVersion.Value)
            await host.WaitAppliedAsync(asked.MinVersion.Value, cancellationToken).ConfigureAwait(false);
        return isStale;
    }

    /// <summary>A stale read with a greatest age is refused without a quorum, and tells why.</summary>
    private static bool MayBeStale(in KvReadOptions asked) => asked.StaleWithoutLeader || asked is { Consistency: KvConsistency.Stale, MaxAge: null };

    /// <returns>Whether there was no leader to ask, and <paramref name="mayBeStale"/> allows that.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<bool> ReadIndexAsync(ReplicaHost host, bool mayBeStale, CancellationToken cancellationToken)
    {
        var batch = host.JoinReads(mayBeStale);
        if (cancellationToken.CanBeCanceled)
            await batch.Ready.AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);
        else
            await batch.Ready.ConfigureAwait(false);
        return batch.IsStale;
    }

    /// <exception cref="RaftKvUnavailableException"><see cref="RaftKvUnavailableReason.StaleRead"/>: the copy could not be brought up to date in time.</exception>
    private static async ValueTask RefreshAsync(ReplicaHost host, TimeSpan maxAge, CancellationToken cancellationToken)
    {
        try
        {
            await ReadIndexAsync(host, mayBeStale: false, cancellationToken).ConfigureAwait(false);
        }
        catch (RaftKvUnavailableException e) when (e.IsTransient)
        {
            throw Errors.StaleRead(host.Replica.Age, maxAge, e);
        }
    }

    [SkipLocalsInit]
    private KvGetResult ReadLocal(ReplicaHost host, string key, bool isStale)
    {
        var name = new KeyEncoding(key, Limits.MaxKeyBytes, stackalloc byte[KeyEncoding.StackBytes]);
        try
        {
            // Before the read: what was applied by now is in the answer.
            var readAt = new KvVersion(host.Applier.AppliedIndex);
            var age = isStale ? host.Replica.Age : TimeSpan.Zero;
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
