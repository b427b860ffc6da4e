using System.Runtime.CompilerServices;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Client;

/// <summary>The store for applications: checks the limits, encodes each command once, and passes it to the replica.</summary>
internal sealed class DistributedKv(ReplicaAccess access, RaftKvOptions options, ReservedKeys reserved) : IDistributedKv
{
    private readonly WriteSender _sender = new(options);
    private readonly Scanner _scanner = new(access, options);
    private readonly WatchReader _watches = new(access, options);

    /// <summary>The cluster's limits.</summary>
    internal ClusterLimits Limits => access.Limits(options);

    public ValueTask<KvWriteResult> SetAsync(string key, ReadOnlyMemory<byte> value, KvSetOptions setOptions = default,
        CancellationToken cancellationToken = default)
    {
        reserved.ThrowIfReserved(key);
        var limits = LimitsFor(value.Length);
        if (access.TryHost is not { } host)
        {
            return OnceOpenAsync(key, (Kv: this, Key: key, Value: value.ToArray(), Options: setOptions, Token: cancellationToken),
                static call => call.Kv.SetAsync(call.Key, call.Value, call.Options, call.Token), cancellationToken);
        }
        return _sender.Send(host, NewSet(host, limits, key, value, setOptions), cancellationToken);
    }

    /// <summary>As <see cref="SetAsync"/>, for callers that must block: needs no thread of the pool.</summary>
    internal KvWriteResult Set(string key, ReadOnlyMemory<byte> value, KvSetOptions setOptions)
    {
        reserved.ThrowIfReserved(key);
        WaitUntilOpen();
        var limits = LimitsFor(value.Length);
        var host = access.Host;
        return _sender.SendAndWait(host, NewSet(host, limits, key, value, setOptions));
    }

    private WriteOperation NewSet(
        LocalReplica host, ClusterLimits limits, string key, ReadOnlyMemory<byte> value, in KvSetOptions setOptions)
    {
        var name = new KeyEncoding(key, limits.MaxKeyBytes, stackalloc byte[KeyEncoding.StackBytes]);
        try
        {
            var lifetime = KvLifetime.Of(setOptions);
            if (lifetime.ExpiresAtMs != 0)
                lifetime = lifetime.Starting(host.Clock.Wall.ToUnixTimeMilliseconds());
            var write = _sender.NewWrite(host,
                KvCommand.SetBytes(name.Bytes.Length, value.Length) + (lifetime.IsNone ? 0 : KvLifetime.Bytes));
            if (lifetime.IsNone)
                KvCommand.WriteSet(write.Command.Span, setOptions.When, name.Bytes, value.Span);
            else
                KvCommand.WriteSet(write.Command.Span, setOptions.When, lifetime, name.Bytes, value.Span);
            return write;
        }
        finally
        {
            name.Dispose();
        }
    }

    public ValueTask<KvWriteResult> DeleteAsync(string key, KvDeleteOptions deleteOptions = default,
        CancellationToken cancellationToken = default)
    {
        reserved.ThrowIfReserved(key);
        if (access.TryHost is not { } host)
        {
            return OnceOpenAsync(key, (Kv: this, Key: key, Options: deleteOptions, Token: cancellationToken),
                static call => call.Kv.DeleteAsync(call.Key, call.Options, call.Token), cancellationToken);
        }
        return _sender.Send(host, NewDelete(host, key, deleteOptions), cancellationToken);
    }

    /// <summary>As <see cref="DeleteAsync"/>, for callers that must block: needs no thread of the pool.</summary>
    internal KvWriteResult Delete(string key)
    {
        reserved.ThrowIfReserved(key);
        WaitUntilOpen();
        var host = access.Host;
        return _sender.SendAndWait(host, NewDelete(host, key, default));
    }

    private WriteOperation NewDelete(LocalReplica host, string key, in KvDeleteOptions deleteOptions)
    {
        var name = new KeyEncoding(key, Limits.MaxKeyBytes, stackalloc byte[KeyEncoding.StackBytes]);
        try
        {
            var write = _sender.NewWrite(host, KvCommand.DeleteBytes(name.Bytes.Length));
            KvCommand.WriteDelete(write.Command.Span, deleteOptions.When, name.Bytes);
            return write;
        }
        finally
        {
            name.Dispose();
        }
    }

    /// <summary>Sends an encoded command to the replica.</summary>
    internal async ValueTask<KvWriteResult> WriteAsync(byte[] command, CancellationToken cancellationToken)
    {
        var host = await access.HostAsync(cancellationToken).ConfigureAwait(false);
        return await _sender.SendAsync(host, command, cancellationToken).ConfigureAwait(false);
    }

    public ValueTask<KvGetResult> GetAsync(string key, KvReadOptions readOptions = default, CancellationToken cancellationToken = default)
    {
        if (access.TryHost is not { } host)
        {
            return OnceOpenAsync(key, (Kv: this, Key: key, Options: readOptions, Token: cancellationToken),
                static call => call.Kv.GetAsync(call.Key, call.Options, call.Token), cancellationToken);
        }
        if (ReadFreshness.ServeNow(host, readOptions) is { } source)
            return new ValueTask<KvGetResult>(ReadLocal(host, key, isStale: source != ReadSource.Lease));
        // An invalid key is refused at once, not after a wait.
        Check(key);
        return WaitAndReadAsync(host, key, readOptions, cancellationToken);
    }

    public ValueTask<IReadOnlyDictionary<string, KvGetResult>> GetManyAsync(IEnumerable<string> keys, KvReadOptions readOptions = default,
        CancellationToken cancellationToken = default) => _scanner.GetManyAsync(keys, readOptions, cancellationToken);

    public bool TryRead<TState, TResult>(string key, TState state, KvReader<TState, TResult> read, out TResult? result)
    {
        ArgumentNullException.ThrowIfNull(read);
        var replica = access.Host.Replica;
        if (!replica.ServesOwnCopy)
            throw replica.NotServing();
        ReadFreshness.Count(access.Host, KvConsistency.Stale, ReadSource.OwnCopy);
        return TryReadInPlace(key, state, read, out result);
    }

    public ValueTask<KvReadResult<TResult>> ReadAsync<TState, TResult>(string key, TState state, KvReader<TState, TResult> read,
        KvReadOptions readOptions = default, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(read);
        if (access.TryHost is not { } host)
        {
            return OnceOpenAsync(key, (Kv: this, Key: key, State: state, Read: read, Options: readOptions, Token: cancellationToken),
                static call => call.Kv.ReadAsync(call.Key, call.State, call.Read, call.Options, call.Token), cancellationToken);
        }
        if (ReadFreshness.ServeNow(host, readOptions) is not null)
            return new ValueTask<KvReadResult<TResult>>(ReadInPlace(key, state, read));
        Check(key);
        return WaitAndReadAsync(host, key, state, read, readOptions, cancellationToken);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<KvReadResult<TResult>> WaitAndReadAsync<TState, TResult>(
        LocalReplica host, string key, TState state, KvReader<TState, TResult> read, KvReadOptions readOptions,
        CancellationToken cancellationToken)
    {
        await ReadFreshness.WaitUntilFreshAsync(host, readOptions, "get", cancellationToken).ConfigureAwait(false);
        return ReadInPlace(key, state, read);
    }

    private KvReadResult<TResult> ReadInPlace<TState, TResult>(string key, TState state, KvReader<TState, TResult> read)
    {
        var found = TryReadInPlace(key, state, read, out var result);
        return new KvReadResult<TResult>(found, result);
    }

    /// <summary>Waits until this node has applied everything that was acknowledged anywhere before.</summary>
    internal async ValueTask ReadBarrierAsync(CancellationToken cancellationToken)
    {
        var host = await access.HostAsync(cancellationToken).ConfigureAwait(false);
        await ReadFreshness.WaitUntilFreshAsync(host, default, "get_lease", cancellationToken).ConfigureAwait(false);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<KvGetResult> WaitAndReadAsync(LocalReplica host, string key, KvReadOptions readOptions,
        CancellationToken cancellationToken)
    {
        var source = await ReadFreshness.WaitUntilFreshAsync(host, readOptions, "get", cancellationToken).ConfigureAwait(false);
        return ReadLocal(host, key, source == ReadSource.WithoutLeader || readOptions.Consistency == KvConsistency.Stale);
    }

    [SkipLocalsInit]
    private KvGetResult ReadLocal(LocalReplica host, string key, bool isStale)
    {
        var name = new KeyEncoding(key, Limits.MaxKeyBytes, stackalloc byte[KeyEncoding.StackBytes]);
        try
        {
            // Read before the record: everything that was applied by now is in the answer.
            var readAt = new KvVersion(host.Applier.AppliedIndex);
            var age = isStale ? host.Replica.Age : TimeSpan.Zero;
            var read = CopyReader.Read(host, name.Bytes);
            return read with { ReadAt = readAt, Age = age, ExpiresAtMs = host.Replica.ToWallTime(read.ExpiresAtMs) };
        }
        finally
        {
            name.Dispose();
        }
    }

    private ClusterLimits LimitsFor(int valueBytes)
    {
        var limits = Limits;
        if (valueBytes > limits.MaxValueBytes)
            throw new RaftKvLimitExceededException(nameof(RaftKvOptions.MaxValueBytes), valueBytes, limits.MaxValueBytes);
        return limits;
    }

    private void Check(string key)
    {
        var name = new KeyEncoding(key, Limits.MaxKeyBytes, stackalloc byte[KeyEncoding.StackBytes]);
        name.Dispose();
    }

    public IAsyncEnumerable<KvEntry> ScanAsync(KvKeyRange range, KvScanOptions scanOptions = default,
        CancellationToken cancellationToken = default) =>
        _scanner.ScanAsync(range, scanOptions, cancellationToken);

    public ValueTask<KvScanPage> ScanPageAsync(KvKeyRange range, KvScanOptions scanOptions = default,
        CancellationToken cancellationToken = default) =>
        _scanner.ScanPageAsync(range, scanOptions, cancellationToken);

    public ValueTask<long> CountAsync(KvKeyRange range, KvReadOptions readOptions = default,
        CancellationToken cancellationToken = default) =>
        _scanner.CountAsync(range, readOptions, cancellationToken);

    public IAsyncEnumerable<KvChild> ListChildrenAsync(
        string prefix, char delimiter = '/', KvReadOptions readOptions = default, string? after = null,
        CancellationToken cancellationToken = default) =>
        _scanner.ListChildrenAsync(prefix, delimiter, readOptions, after, cancellationToken);

    public IAsyncEnumerable<KvEvent> WatchAsync(KvKeyRange range, KvWatchOptions watchOptions = default,
        CancellationToken cancellationToken = default) =>
        _watches.WatchAsync(range, watchOptions, cancellationToken);

    /// <summary>
    /// The current content of this node's copy, whatever its age, and every change after it: never waits for another node.
    /// </summary>
    internal IAsyncEnumerable<KvEvent> WatchLocalAsync(KvKeyRange range, CancellationToken cancellationToken) =>
        _watches.WatchLocalAsync(range, cancellationToken);

    /// <summary>Blocks until this node's own copy is as fresh as asked for.</summary>
    internal void WaitUntilFresh(string key, in KvReadOptions asked)
    {
        WaitUntilOpen();
        var host = access.Host;
        if (ReadFreshness.ServeNow(host, asked) is not null)
            return;
        Check(key);
        ReadFreshness.WaitUntilFresh(host, asked);
    }

    /// <summary>Blocks until the replica is open.</summary>
    internal void WaitUntilOpen()
    {
        if (access.TryHost is null)
            access.HostAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
    }

    /// <summary>Completes once the replica is open.</summary>
    internal async ValueTask OpenAsync(CancellationToken cancellationToken) =>
        await access.HostAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Refuses a write at once when no leader has been known for longer than an election takes.</summary>
    /// <exception cref="RaftKvUnavailableException"><see cref="RaftKvUnavailableReason.NoLeader"/></exception>
    internal void ThrowIfLeaderless()
    {
        if (access.TryHost?.Replica is { IsLeaderless: true } replica)
            throw Errors.NoLeader(replica.WithoutLeader ?? TimeSpan.Zero);
    }

    /// <summary>Reads a value in place from this node's copy, whatever its age.</summary>
    [SkipLocalsInit]
    internal bool TryReadInPlace<TState, TResult>(string key, TState state, KvReader<TState, TResult> read, out TResult? result)
    {
        var host = access.Host;
        var name = new KeyEncoding(key, Limits.MaxKeyBytes, stackalloc byte[KeyEncoding.StackBytes]);
        try
        {
            var found = CopyReader.Visit(host, name.Bytes, new ReaderVisitor<TState, TResult>(state, read), out var visitor);
            if (visitor.RenewalMs != 0)
                host.RecordAccess(name.Bytes, visitor.Version, visitor.ExpiresAtMs, visitor.RenewalMs);
            result = visitor.Result;
            return found;
        }
        finally
        {
            name.Dispose();
        }
    }

    public ValueTask<KvTransactionResult> CommitAsync(KvTransaction transaction, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        var limits = Limits;
        reserved.ThrowIfReserved(transaction, limits.MaxKeyBytes);
        // Checked and encoded before the first wait: the caller may reuse its buffers at once. An absolute time becomes a duration from now
        // on, by the clock of this node.
        var now = access.TryHost?.Clock.Wall ?? TimeProvider.System.GetUtcNow();
        var command = new TransactionEncoder(limits, now.ToUnixTimeMilliseconds()).Encode(transaction);
        return CommitAsync(transaction, command, cancellationToken);
    }

    private async ValueTask<KvTransactionResult> CommitAsync(
        KvTransaction transaction, byte[] command, CancellationToken cancellationToken)
    {
        var host = await access.HostAsync(cancellationToken).ConfigureAwait(false);
        var answer = await _sender.SendTransactionAsync(host, command, cancellationToken).ConfigureAwait(false);
        var version = new KvVersion(answer.Version);
        var failed = answer.FailedCompare is { } at ? at with { Key = transaction.Compares[at.Index].Key ?? at.Key } : null;
        var succeeded = answer.Status == ApplyStatus.Applied;
        var outcome = new KvTransactionResult { Succeeded = succeeded, Version = version, FailedCompare = failed };
        if (answer.Payload is null)
            return outcome with { HasResults = false };
        var results = TransactionResult.Read(answer.Payload);
        // Operations are only ever added to a branch, so the encoded ones are the first of it.
        var operations = (succeeded ? transaction.Then : transaction.Else).Operations;
        for (var i = 0; i < results.Length; i++)
        {
            var read = results[i].Read with { ReadAt = version, ExpiresAtMs = host.Replica.ToWallTime(results[i].Read.ExpiresAtMs) };
            results[i] = results[i] with { Kind = operations[i].Kind, Key = operations[i].Key, Read = read };
        }
        return outcome with { Results = results };
    }

    /// <summary>Repeats a call that was made while the node was still opening, once the node is open.</summary>
    private async ValueTask<TResult> OnceOpenAsync<TCall, TResult>(
        string key, TCall call, Func<TCall, ValueTask<TResult>> make, CancellationToken cancellationToken)
    {
        Check(key);
        await access.HostAsync(cancellationToken).ConfigureAwait(false);
        return await make(call).ConfigureAwait(false);
    }
}
