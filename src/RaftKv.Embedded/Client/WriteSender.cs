using RaftKv.Embedded.Node;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Client;

/// <summary>Passes commands to the replica, and bounds the bytes of the commands under way.</summary>
internal sealed class WriteSender(RaftKvOptions options)
{
    private WriteOperationPool? _writes;
    private long _pendingBytes;

    private WriteOperationPool Writes =>
        _writes ?? Interlocked.CompareExchange(ref _writes, new WriteOperationPool(Release), null) ?? _writes;

    /// <summary>Sends a command that is already encoded.</summary>
    public ValueTask<KvWriteResult> SendAsync(LocalReplica host, byte[] command, CancellationToken cancellationToken) =>
        Send(host, new WriteOperation(command, DeadlineOf(host), Release), cancellationToken);

    /// <summary>Sends a transaction and waits for its result.</summary>
    public async ValueTask<ApplyResult> SendTransactionAsync(LocalReplica host, byte[] command, CancellationToken cancellationToken)
    {
        var write = new TransactionWrite(command, DeadlineOf(host), Release);
        await Send(host, write, cancellationToken).ConfigureAwait(false);
        return write.Result;
    }

    /// <summary>Returns an operation with a buffer for a command of the given size.</summary>
    public WriteOperation NewWrite(LocalReplica host, int bytes)
    {
        var deadline = DeadlineOf(host);
        // Not from the pool while writes are measured: the measurement reads the operation after its end.
        return host.Telemetry.WatchesWrites ? new WriteOperation(new byte[bytes], deadline, Release) : Writes.Take(bytes, deadline);
    }

    public ValueTask<KvWriteResult> Send(LocalReplica host, WriteOperation write, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Reserve(write);
        if (IsWatched(host, write))
            return SendWatchedAsync(host, write, cancellationToken);
        var result = write.Start(cancellationToken);
        host.Post(write);
        return result;
    }

    /// <summary>
    /// As <see cref="Send"/>, for callers that must block: the thread that completes the write wakes the caller, without the pool.
    /// </summary>
    public KvWriteResult SendAndWait(LocalReplica host, WriteOperation write)
    {
        Reserve(write);
        return IsWatched(host, write) ? SendWatched(host, write) : PostAndWait(host, write);
    }

    /// <summary>Counts the bytes of the write until it is completed.</summary>
    private void Reserve(WriteOperation write)
    {
        var bytes = write.Command.Length;
        if (Interlocked.Add(ref _pendingBytes, bytes) <= options.MaxPendingBytes)
            return;
        Release(bytes);
        write.Return();
        throw Errors.Overloaded(options.MaxPendingBytes);
    }

    private static bool IsWatched(LocalReplica host, WriteOperation write) => host.Telemetry.WatchesWrites && !write.IsReused;

    private static KvWriteResult PostAndWait(LocalReplica host, WriteOperation write)
    {
        var awaiter = write.Start(CancellationToken.None).GetAwaiter();
        host.Post(write);
        if (!awaiter.IsCompleted)
        {
            // Not disposed: the thread that sets the event may still be inside Set when this thread continues.
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

    /// <summary>Sends, and measures and traces the write. Called only while a listener is attached.</summary>
    private static async ValueTask<KvWriteResult> SendWatchedAsync(LocalReplica host, WriteOperation write,
        CancellationToken cancellationToken)
    {
        var watch = WriteWatch.Begin(host, write);
        KvWriteResult result;
        try
        {
            var sent = write.Start(cancellationToken);
            host.Post(write);
            result = await sent.ConfigureAwait(false);
        }
        catch (Exception e)
        {
            watch.End(e);
            throw;
        }
        watch.End(result);
        return result;
    }

    /// <summary>As <see cref="SendWatchedAsync"/>, for callers that must block.</summary>
    private static KvWriteResult SendWatched(LocalReplica host, WriteOperation write)
    {
        var watch = WriteWatch.Begin(host, write);
        KvWriteResult result;
        try
        {
            result = PostAndWait(host, write);
        }
        catch (Exception e)
        {
            watch.End(e);
            throw;
        }
        watch.End(result);
        return result;
    }

    private long DeadlineOf(LocalReplica host) => host.Clock.Ticks + options.RequestTimeout.Ticks;

    private void Release(int bytes) => Interlocked.Add(ref _pendingBytes, -bytes);
}
