using RaftKv.Embedded.Replica;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Client;

/// <summary>The store as applications see it: checks the limits, encodes once, and leaves the rest to the replica.</summary>
internal sealed partial class DistributedKv(ReplicaAccess access, RaftKvOptions options) : IDistributedKv
{
    private long _pendingBytes;

    public ValueTask<KvWriteResult> SetAsync(string key, ReadOnlyMemory<byte> value, KvSetOptions setOptions = default, CancellationToken cancellationToken = default)
    {
        if (value.Length > options.MaxValueBytes)
            throw new RaftKvLimitExceededException(nameof(RaftKvOptions.MaxValueBytes), value.Length, options.MaxValueBytes);
        var name = new KeyEncoding(key, options.MaxKeyBytes, stackalloc byte[KeyEncoding.StackBytes]);
        byte[] command;
        try
        {
            var lifetime = setOptions.Lifetime;
            var bytes = KvCommand.SetBytes(name.Bytes.Length, value.Length);
            if (lifetime.IsNone)
                KvCommand.WriteSet(command = new byte[bytes], setOptions.When, name.Bytes, value.Span);
            else
                KvCommand.WriteSet(command = new byte[bytes + KvLifetime.Bytes], setOptions.When, lifetime, name.Bytes, value.Span);
        }
        finally
        {
            name.Dispose();
        }
        return WriteAsync(command, cancellationToken);
    }

    public ValueTask<KvWriteResult> DeleteAsync(string key, KvCondition when = default, CancellationToken cancellationToken = default)
    {
        var name = new KeyEncoding(key, options.MaxKeyBytes, stackalloc byte[KeyEncoding.StackBytes]);
        byte[] command;
        try
        {
            command = new byte[KvCommand.DeleteBytes(name.Bytes.Length)];
            KvCommand.WriteDelete(command, when, name.Bytes);
        }
        finally
        {
            name.Dispose();
        }
        return WriteAsync(command, cancellationToken);
    }

    /// <summary>Gives a command to the replica.</summary>
    internal ValueTask<KvWriteResult> WriteAsync(byte[] command, CancellationToken cancellationToken)
    {
        var host = access.Host;
        return Send(host, new WriteOperation(command, host.Clock.Ticks + options.RequestTimeout.Ticks, Release), cancellationToken);
    }

    private ValueTask<KvWriteResult> Send(ReplicaHost host, WriteOperation write, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var bytes = write.Command!.Length;
        if (Interlocked.Add(ref _pendingBytes, bytes) > options.MaxPendingBytes)
        {
            Release(bytes);
            throw Errors.Overloaded(options.MaxPendingBytes);
        }
        if (host.Telemetry.WatchesWrites)
            return SendWatchedAsync(host, write, cancellationToken);
        var result = write.Start(cancellationToken);
        host.Post(write);
        return result;
    }

    /// <summary>Only while somebody measures or traces.</summary>
    private static async ValueTask<KvWriteResult> SendWatchedAsync(ReplicaHost host, WriteOperation write, CancellationToken cancellationToken)
    {
        var activity = host.Telemetry.StartWrite();
        var begun = host.Clock.Ticks;
        var outcome = "applied";
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
            outcome = e is RaftKvException { Outcome: KvOutcome.NotApplied } ? "refused" : "unknown";
            throw;
        }
        finally
        {
            var given = write.SentAt == 0 ? TimeSpan.Zero : TimeSpan.FromTicks(Math.Max(0, write.SentAt - begun));
            host.Telemetry.EndWrite(activity, given, TimeSpan.FromTicks(host.Clock.Ticks - begun), outcome);
        }
    }

    private void Release(int bytes) => Interlocked.Add(ref _pendingBytes, -bytes);
}
