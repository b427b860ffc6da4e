using RaftKv.Embedded.Log;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Client;

/// <summary>The store as applications see it: checks the limits, encodes once, and leaves the rest to the replica.</summary>
internal sealed partial class DistributedKv(ReplicaAccess access, RaftKvOptions options, ReservedKeys reserved) : IDistributedKv
{
    private WriteOperationPool? _writes;
    private long _pendingBytes;

    /// <summary>The cluster's limits.</summary>
    internal ClusterLimits Limits => access.Limits(options);

    private WriteOperationPool Writes => _writes ?? Interlocked.CompareExchange(ref _writes, new WriteOperationPool(Release), null) ?? _writes;

    public ValueTask<KvWriteResult> SetAsync(string key, ReadOnlyMemory<byte> value, KvSetOptions setOptions = default, CancellationToken cancellationToken = default)
    {
        reserved.ThrowIfReserved(key);
        var limits = Limits;
        if (value.Length > limits.MaxValueBytes)
            throw new RaftKvLimitExceededException(nameof(RaftKvOptions.MaxValueBytes), value.Length, limits.MaxValueBytes);
        if (access.TryHost is not { } host)
            return SetOnceOpenAsync(key, value.ToArray(), setOptions, cancellationToken);
        var name = new KeyEncoding(key, limits.MaxKeyBytes, stackalloc byte[KeyEncoding.StackBytes]);
        try
        {
            var lifetime = KvLifetime.Of(setOptions);
            if (lifetime.ExpiresAtMs != 0)
                lifetime = lifetime.Starting(host.Clock.Wall.ToUnixTimeMilliseconds());
            var write = NewWrite(host, KvCommand.SetBytes(name.Bytes.Length, value.Length) + (lifetime.IsNone ? 0 : KvLifetime.Bytes));
            if (lifetime.IsNone)
                KvCommand.WriteSet(write.Command.Span, setOptions.When, name.Bytes, value.Span);
            else
                KvCommand.WriteSet(write.Command.Span, setOptions.When, lifetime, name.Bytes, value.Span);
            return Send(host, write, cancellationToken);
        }
        finally
        {
            name.Dispose();
        }
    }

    public ValueTask<KvWriteResult> DeleteAsync(string key, KvCondition when = default, CancellationToken cancellationToken = default)
    {
        reserved.ThrowIfReserved(key);
        if (access.TryHost is not { } host)
            return DeleteOnceOpenAsync(key, when, cancellationToken);
        var name = new KeyEncoding(key, Limits.MaxKeyBytes, stackalloc byte[KeyEncoding.StackBytes]);
        try
        {
            var write = NewWrite(host, KvCommand.DeleteBytes(name.Bytes.Length));
            KvCommand.WriteDelete(write.Command.Span, when, name.Bytes);
            return Send(host, write, cancellationToken);
        }
        finally
        {
            name.Dispose();
        }
    }

    /// <summary>Gives a command to the replica.</summary>
    internal async ValueTask<KvWriteResult> WriteAsync(byte[] command, CancellationToken cancellationToken)
    {
        var host = await access.HostAsync(cancellationToken).ConfigureAwait(false);
        return await Send(host, new WriteOperation(command, host.Clock.Ticks + options.RequestTimeout.Ticks, Release), cancellationToken).ConfigureAwait(false);
    }

    private WriteOperation NewWrite(ReplicaHost host, int bytes)
    {
        var deadline = host.Clock.Ticks + options.RequestTimeout.Ticks;
        // Whoever measures looks at the operation after its end.
        return host.Telemetry.WatchesWrites ? new WriteOperation(new byte[bytes], deadline, Release) : Writes.Take(bytes, deadline);
    }

    private ValueTask<KvWriteResult> Send(ReplicaHost host, WriteOperation write, CancellationToken cancellationToken)
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

    /// <summary>Only while somebody measures or traces.</summary>
    private static async ValueTask<KvWriteResult> SendWatchedAsync(ReplicaHost host, WriteOperation write, CancellationToken cancellationToken)
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

    private void Release(int bytes) => Interlocked.Add(ref _pendingBytes, -bytes);
}
