using System.Runtime.CompilerServices;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Client;

/// <summary>
/// Makes this node's copy as fresh as a read asks for: at once where that is possible, otherwise by waiting for a read index.
/// </summary>
internal static class ReadFreshness
{
    /// <summary>Returns and counts the source of a read that can be served without a wait; <c>null</c> when the read has to wait.</summary>
    public static ReadSource? ServeNow(LocalReplica host, in KvReadOptions asked)
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

    public static void Count(LocalReplica host, KvConsistency consistency, ReadSource source)
    {
        if (host.Telemetry.CountsReads)
            host.Telemetry.Read(consistency, source);
    }

    private static bool CanReadNow(LocalReplica host, in KvReadOptions asked) => asked.Consistency switch
    {
        KvConsistency.Stale => host.Replica.ServesOwnCopy && host.Applier.AppliedIndex >= asked.MinVersion.Value
            && (asked.MaxAge is not { } maxAge || host.Replica.IsAtMost(maxAge)),
        KvConsistency.LeaderLease => HoldsLease(host) && host.Applier.AppliedIndex >= asked.MinVersion.Value,
        _ => false,
    };

    /// <summary>Whether the read allows a stale copy without a leader, and no leader is known.</summary>
    private static bool CanReadStale(LocalReplica host, in KvReadOptions asked) =>
        asked.StaleWithoutLeader && host.Replica.ServesWithoutLeader && host.Applier.AppliedIndex >= asked.MinVersion.Value;

    /// <summary>
    /// Whether this node holds the read lease and has applied all writes that were acknowledged. The commit index is read before the clock:
    /// a lease that holds afterwards also held when the index was read.
    /// </summary>
    private static bool HoldsLease(LocalReplica host)
    {
        var commit = host.Replica.CommitIndex;
        Volatile.ReadBarrier();
        return host.Clock.Ticks < host.Replica.LeaseUntil && host.Applier.AppliedIndex >= commit;
    }

    /// <summary>Waits until this node's own copy is as fresh as asked for.</summary>
    /// <returns>The source of the read; <see cref="ReadSource.WithoutLeader"/> when the copy may be older than asked for.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public static async ValueTask<ReadSource> WaitUntilFreshAsync(
        LocalReplica host, KvReadOptions asked, string operation, CancellationToken cancellationToken)
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

    /// <summary>Waits, and measures and traces the wait. Called only while a listener is attached.</summary>
    private static async ValueTask<ReadSource> WaitWatchedAsync(
        LocalReplica host, KvReadOptions asked, string operation, CancellationToken cancellationToken)
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
    private static async ValueTask<ReadSource> WaitAsync(LocalReplica host, KvReadOptions asked, CancellationToken cancellationToken)
    {
        var source = ReadSource.OwnCopy;
        if (asked.Consistency == KvConsistency.LeaderLease)
            host.Replica.WantLease();
        // A stale read waits in two cases: a restarted node has not yet applied what was committed after its start, or the copy may be
        // older than MaxAge. A read index resolves both.
        if (asked.Consistency != KvConsistency.Stale || !host.Replica.ServesOwnCopy)
            source = await ReadIndexAsync(host, MayBeStale(asked), cancellationToken).ConfigureAwait(false);
        else if (asked.MaxAge is { } maxAge && !host.Replica.IsAtMost(maxAge))
            source = await RefreshAsync(host, maxAge, cancellationToken).ConfigureAwait(false);
        if (host.Applier.AppliedIndex < asked.MinVersion.Value)
            await host.WaitAppliedAsync(asked.MinVersion.Value, cancellationToken).ConfigureAwait(false);
        return source;
    }

    /// <summary>Whether the read may be served stale without a leader. A stale read with MaxAge may not: it is refused instead.</summary>
    private static bool MayBeStale(in KvReadOptions asked) =>
        asked.StaleWithoutLeader || asked is { Consistency: KvConsistency.Stale, MaxAge: null };

    /// <returns><see cref="ReadSource.WithoutLeader"/> when no leader was known, and <paramref name="mayBeStale"/> allows that.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public static async ValueTask<ReadSource> ReadIndexAsync(LocalReplica host, bool mayBeStale, CancellationToken cancellationToken)
    {
        var batch = host.JoinReads(mayBeStale);
        if (cancellationToken.CanBeCanceled)
            await batch.Ready.AsTask().WaitOrLeaveAsync(cancellationToken).ConfigureAwait(false);
        else
            await batch.Ready.ConfigureAwait(false);
        return SourceOf(batch);
    }

    private static ReadSource SourceOf(ReadBatch batch) => batch.IsStale ? ReadSource.WithoutLeader : ReadSource.ReadIndex;

    /// <exception cref="RaftKvUnavailableException">
    /// <see cref="RaftKvUnavailableReason.StaleRead"/>: the copy could not be brought up to date in time.
    /// </exception>
    private static async ValueTask<ReadSource> RefreshAsync(LocalReplica host, TimeSpan maxAge, CancellationToken cancellationToken)
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

    /// <summary>
    /// As <see cref="WaitUntilFreshAsync"/>, for callers that must block: the thread that completes the batch wakes the caller, without the
    /// pool.
    /// </summary>
    public static void WaitUntilFresh(LocalReplica host, in KvReadOptions asked)
    {
        if (asked.Consistency == KvConsistency.LeaderLease)
            host.Replica.WantLease();
        if (host.Telemetry.WatchesReads)
            WaitWatched(host, asked);
        else
            Wait(host, asked);
    }

    private static void Wait(LocalReplica host, in KvReadOptions asked)
    {
        var batch = host.JoinReads(MayBeStale(asked));
        batch.Wait();
        Count(host, asked.Consistency, SourceOf(batch));
    }

    /// <summary>As <see cref="Wait"/>, and measures and traces the wait. Called only while a listener is attached.</summary>
    private static void WaitWatched(LocalReplica host, in KvReadOptions asked)
    {
        var watch = host.Telemetry.StartRead("get", asked.Consistency);
        try
        {
            Wait(host, asked);
            host.Telemetry.EndRead(watch, asked.Consistency, "served", error: null);
        }
        catch (Exception e)
        {
            host.Telemetry.EndRead(watch, asked.Consistency, "failed", e);
            throw;
        }
    }
}
