using System.Runtime.CompilerServices;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Client;

/// <summary>
/// Values in place, and callers that must block: the wait of a blocked thread is ended by the thread that brings the answer. None of the pool's is needed, of which an application that blocks
/// may have none left.
/// </summary>
internal sealed partial class DistributedKv
{
    /// <summary>Blocks until this node's own copy is as fresh as asked for.</summary>
    internal void WaitUntilFresh(string key, in KvReadOptions asked)
    {
        WaitUntilOpen();
        var host = access.Host;
        if (ServeNow(host, asked) is not null)
            return;
        Check(key);
        if (asked.Consistency == KvConsistency.LeaderLease)
            host.Replica.WantLease();
        if (host.Telemetry.WatchesReads)
            WaitWatched(host, asked);
        else
            Wait(host, asked);
    }

    private static void Wait(ReplicaHost host, in KvReadOptions asked)
    {
        var batch = host.JoinReads(MayBeStale(asked));
        batch.Wait();
        Count(host, asked.Consistency, SourceOf(batch));
    }

    /// <summary>Only while something measures or traces.</summary>
    private static void WaitWatched(ReplicaHost host, in KvReadOptions asked)
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

    /// <summary>Blocks until the replica is open.</summary>
    internal void WaitUntilOpen()
    {
        if (access.TryHost is null)
            access.HostAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
    }

    /// <summary>Completes once the replica is open.</summary>
    internal async ValueTask OpenAsync(CancellationToken cancellationToken) => await access.HostAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Refuses a write at once when no leader has been known for longer than an election takes.</summary>
    /// <exception cref="RaftKvUnavailableException"><see cref="RaftKvUnavailableReason.NoLeader"/></exception>
    internal void ThrowIfLeaderless()
    {
        if (access.TryHost?.Replica is { IsLeaderless: true } replica)
            throw Errors.NoLeader(replica.WithoutLeader ?? TimeSpan.Zero);
    }

    /// <summary>Blocks until the write is done; for <see cref="SetAsync"/> and <see cref="DeleteAsync"/>.</summary>
    internal static KvWriteResult Wait(ValueTask<KvWriteResult> write)
    {
        var awaiter = write.GetAwaiter();
        if (!awaiter.IsCompleted)
        {
            // Not disposed: the thread that sets it may still be at it when this one goes on.
            var done = new ManualResetEventSlim();
            var previous = SynchronizationContext.Current;
            SynchronizationContext.SetSynchronizationContext(InlineSynchronizationContext.Instance);
            try
            {
                awaiter.OnCompleted(done.Set);
            }
            finally
            {
                SynchronizationContext.SetSynchronizationContext(previous);
            }
            done.Wait();
        }
        return awaiter.GetResult();
    }

    /// <summary>Looks at a value in this node's copy, whatever its age.</summary>
    [SkipLocalsInit]
    internal bool TryReadInPlace<TState, TResult>(string key, TState state, KvReader<TState, TResult> read, out TResult? result)
    {
        var host = access.Host;
        var name = new KeyEncoding(key, Limits.MaxKeyBytes, stackalloc byte[KeyEncoding.StackBytes]);
        try
        {
            var found = Visit(host, name.Bytes, new ReaderVisitor<TState, TResult>(state, read), out var look);
            if (look.SlidingMs != 0)
                host.Replica.RecordAccess(name.Bytes, look.Version, look.ExpiresAtMs, look.SlidingMs);
            result = look.Result;
            return found;
        }
        finally
        {
            name.Dispose();
        }
    }
}
