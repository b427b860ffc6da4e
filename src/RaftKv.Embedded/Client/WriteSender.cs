using RaftKv.Embedded.Node;
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
        var bytes = write.Command.Length;
        if (Interlocked.Add(ref _pendingBytes, bytes) > options.MaxPendingBytes)
        {
            Release(bytes);
            write.Return();
            throw Errors.Overloaded(options.MaxPendingBytes);
        }
        if (host.Telemetry.WatchesWrites && !write.IsReused)
            return SendWatchedAsync(host, write, cancellationToken);
        var result = write.Start(cancellationToken);
        host.Post(write);
        return result;
    }

    /// <summary>Sends, and measures and traces the write. Called only while a listener is attached.</summary>
    private static async ValueTask<KvWriteResult> SendWatchedAsync(LocalReplica host, WriteOperation write,
        CancellationToken cancellationToken)
    {
        var activity = host.Telemetry.StartWrite(KvCommand.NameOf(write.Command.Span));
        var begun = host.Clock.Ticks;
        var outcome = "applied";
        Exception? error = null;
        try
        {
            if (activity is { Recorded: true })
                write.Trace = activity;
            var sent = write.Start(cancellationToken);
            host.Post(write);
            var result = await sent.ConfigureAwait(false);
            if (!result.Applied)
                outcome = "not_applied";
            return result;
        }
        catch (Exception e)
        {
            (outcome, error) = (e is RaftKvException { Outcome: KvOutcome.NotApplied } ? "refused" : "unknown", e);
            throw;
        }
        finally
        {
            var whole = host.Clock.Ticks - begun;
            var given = write.SentAt == 0 ? 0 : Math.Clamp(write.SentAt - begun, 0, whole);
            var committed = write.CommittedAt == 0 ? whole : Math.Clamp(write.CommittedAt - begun, given, whole);
            var (propose, replicate) = (TimeSpan.FromTicks(given), TimeSpan.FromTicks(committed));
            host.Telemetry.EndWrite(activity, propose, replicate, TimeSpan.FromTicks(whole), outcome, error);
        }
    }

    private long DeadlineOf(LocalReplica host) => host.Clock.Ticks + options.RequestTimeout.Ticks;

    private void Release(int bytes) => Interlocked.Add(ref _pendingBytes, -bytes);
}
