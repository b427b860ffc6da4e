using System.Runtime.CompilerServices;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Client;

internal sealed partial class DistributedKv
{
    public ValueTask<KvGetResult> GetAsync(string key, KvReadOptions readOptions = default, CancellationToken cancellationToken = default)
    {
        if (access.TryHost is not { } host)
            return GetOnceOpenAsync(key, readOptions, cancellationToken);
        if (ServeNow(host, readOptions) is { } source)
            return new ValueTask<KvGetResult>(ReadLocal(host, key, isStale: source != ReadSource.Lease));
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
        Count(access.Host, KvConsistency.Stale, ReadSource.OwnCopy);
        return TryReadInPlace(key, state, read, out result);
    }

    public ValueTask<KvReadResult<TResult>> ReadAsync<TState, TResult>(string key, TState state, KvReader<TState, TResult> read, KvReadOptions readOptions = default, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(read);
        if (access.TryHost is not { } host)
            return ReadOnceOpenAsync(key, state, read, readOptions, cancellationToken);
        if (ServeNow(host, readOptions) is not null)
            return new ValueTask<KvReadResult<TResult>>(Look(key, state, read));
        Check(key);
        return WaitAndLookAsync(host, key, state, read, readOptions, cancellationToken);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<KvReadResult<TResult>> WaitAndLookAsync<TState, TResult>(
        ReplicaHost host, string key, TState state, KvReader<TState, TResult> read, KvReadOptions readOptions, CancellationToken cancellationToken)
    {
        await FreshAsync(host, readOptions, "get", cancellationToken).ConfigureAwait(false);
        return Look(key, state, read);
    }

    private KvReadResult<TResult> Look<TState, TResult>(string key, TState state, KvReader<TState, TResult> read)
    {
        var found = TryReadInPlace(key, state, read, out var result);
        return new KvReadResult<TResult>(found, result);
    }

    /// <summary>Waits until this node has applied everything that was acknowledged anywhere before.</summary>
    internal async ValueTask ReadBarrierAsync(CancellationToken cancellationToken)
    {
        var host = await access.HostAsync(cancellationToken).ConfigureAwait(false);
        await FreshAsync(host, default, "get_lease", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What makes the read as fresh as asked for without a wait, and counts it; <c>null</c> when it has to wait.</summary>
    private static ReadSource? ServeNow(ReplicaHost host, in KvReadOptions asked)
    {
        ReadSource source;
        if (CanReadNow(host, asked))
            source = asked.Consistency == KvConsistency.Stale ? ReadSource.OwnCopy : ReadSource.Lease;
        else if (CanReadStale(host, asked))
            source = ReadSource.WithoutLeader;
        else
            return null;
        Count(host, asked.Consistency, source);
        return source;
    }

    private static void Count(ReplicaHost host, KvConsistency consistency, ReadSource source)
    {
        if (host.Telemetry.CountsReads)
            host.Telemetry.Read(consistency, source);
    }

    private static bool CanReadNow(ReplicaHost host, in KvReadOptions asked) => asked.Consistency switch
    {
        KvConsistency.Stale => host.Replica.ServesOwnCopy && host.Applier.AppliedIndex >= asked.MinVersion.Value
            && (asked.MaxAge is not { } maxAge || host.Replica.IsAtMost(maxAge)),
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
        var source = await FreshAsync(host, readOptions, "get", cancellationToken).ConfigureAwait(false);
        return ReadLocal(host, key, source == ReadSource.WithoutLeader || readOptions.Consistency == KvConsistency.Stale);
    }

    /// <summary>Waits until this node's own copy is as fresh as asked for.</summary>
    /// <returns>What made it so; <see cref="ReadSource.WithoutLeader"/> when it may be older than asked for.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<ReadSource> FreshAsync(
        ReplicaHost host, KvReadOptions asked, string operation, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (ServeNow(host, asked) is { } atOnce)
            return atOnce;
        if (host.Telemetry.WatchesReads)
            return await WaitWatchedAsync(host, asked, operation, cancellationToken).ConfigureAwait(false);
        var source = await WaitAsync(host, asked, cancellationToken).ConfigureAwait(false);
        Count(host, asked.Consistency, source);
        return source;
    }

    /// <summary>Only while something measures or traces.</summary>
    private static async ValueTask<ReadSource> WaitWatchedAsync(
        ReplicaHost host, KvReadOptions asked, string operation, CancellationToken cancellationToken)
    {
        var watch = host.Telemetry.StartRead(operation, asked.Consistency);
        try
        {
            var source = await WaitAsync(host, asked, cancellationToken).ConfigureAwait(false);
            Count(host, asked.Consistency, source);
            host.Telemetry.EndRead(watch, asked.Consistency, "served", error: null);
            return source;
        }
        catch (Exception e)
        {
            host.Telemetry.EndRead(watch, asked.Consistency, "failed", e);
            throw;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<ReadSource> WaitAsync(ReplicaHost host, KvReadOptions asked, CancellationToken cancellationToken)
    {
        var source = ReadSource.OwnCopy;
        if (asked.Consistency == KvConsistency.LeaderLease)
            host.Replica.WantLease();
        // A stale read waits only while a restarted node does not know yet how far it had been, or when the copy may be too old: one read index tells, or brings it up to date.
        if (asked.Consistency != KvConsistency.Stale || !host.Replica.ServesOwnCopy)
            source = await ReadIndexAsync(host, MayBeStale(asked), cancellationToken).ConfigureAwait(false);
        else if (asked.MaxAge is { } maxAge && !host.Replica.IsAtMost(maxAge))
            source = await RefreshAsync(host, maxAge, cancellationToken).ConfigureAwait(false);
        if (host.Applier.AppliedIndex < asked.MinVersion.Value)
            await host.WaitAppliedAsync(asked.MinVersion.Value, cancellationToken).ConfigureAwait(false);
        return source;
    }

    /// <summary>A stale read with a greatest age is refused without a quorum, and tells why.</summary>
    private static bool MayBeStale(in KvReadOptions asked) => asked.StaleWithoutLeader || asked is { Consistency: KvConsistency.Stale, MaxAge: null };

    /// <returns><see cref="ReadSource.WithoutLeader"/> when no leader was known, and <paramref name="mayBeStale"/> allows that.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<ReadSource> ReadIndexAsync(ReplicaHost host, bool mayBeStale, CancellationToken cancellationToken)
    {
        var batch = host.JoinReads(mayBeStale);
        if (cancellationToken.CanBeCanceled)
            await batch.Ready.AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);
        else
            await batch.Ready.ConfigureAwait(false);
        return SourceOf(batch);
    }

    private static ReadSource SourceOf(ReadBatch batch) => batch.IsStale ? ReadSource.WithoutLeader : ReadSource.ReadIndex;

    /// <exception cref="RaftKvUnavailableException"><see cref="RaftKvUnavailableReason.StaleRead"/>: the copy could not be brought up to date in time.</exception>
    private static async ValueTask<ReadSource> RefreshAsync(ReplicaHost host, TimeSpan maxAge, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadIndexAsync(host, mayBeStale: false, cancellationToken).ConfigureAwait(false);
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
        Visit(host, key, new CopyVisitor(), out var copied);
        var result = copied.Result;
        if (result.SlidingMs != 0)
            host.Replica.RecordAccess(key, result.Version.Value, result.ExpiresAtMs, result.SlidingMs);
        return result;
    }

    private static bool Visit<TLook>(ReplicaHost host, ReadOnlySpan<byte> key, TLook look, out TLook looked) where TLook : struct, IRecordVisitor
    {
        var guarded = new GuardedVisitor<TLook>(look);
        var found = Visit(host, key, GuardedVisitor<TLook>.Visit(ref guarded));
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
