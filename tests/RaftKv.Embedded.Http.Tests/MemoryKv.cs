using System.Collections.Concurrent;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>A store and a cluster in memory, to see the HTTP layer alone. <see cref="Failure"/> makes every call fail.</summary>
internal sealed class MemoryKv : IDistributedKv, IRaftKvCluster
{
    private readonly ConcurrentDictionary<string, (byte[] Value, KvVersion Version)> _entries = new(StringComparer.Ordinal);
    private long _version;

    public Exception? Failure { get; set; }

    public KvConsistency? LastConsistency { get; private set; }

    public List<string> MembershipCalls { get; } = [];

    public IEnumerable<string> Keys => _entries.Keys;

    public RaftKvStatus Status { get; set; } = new() { NodeId = "node1", Address = "127.0.0.1:1111" };

    public ValueTask<KvGetResult> GetAsync(string key, KvReadOptions options = default, CancellationToken cancellationToken = default)
    {
        ThrowIfAsked();
        LastConsistency = options.Consistency;
        return new(_entries.TryGetValue(key, out var entry) ? new KvGetResult { Found = true, Value = entry.Value, Version = entry.Version } : default);
    }

    public ValueTask<KvWriteResult> SetAsync(string key, ReadOnlyMemory<byte> value, KvSetOptions options = default, CancellationToken cancellationToken = default)
    {
        ThrowIfAsked();
        var version = new KvVersion(Interlocked.Increment(ref _version));
        _entries[key] = (value.ToArray(), version);
        return new(new KvWriteResult(true, version));
    }

    public ValueTask<KvWriteResult> DeleteAsync(string key, KvCondition when = default, CancellationToken cancellationToken = default)
    {
        ThrowIfAsked();
        return new(new KvWriteResult(_entries.TryRemove(key, out _), new KvVersion(Interlocked.Increment(ref _version))));
    }

    public Task AddMemberAsync(string nodeId, string address, CancellationToken cancellationToken = default)
    {
        ThrowIfAsked();
        if (!address.Contains(':'))
            throw new ArgumentException("The address must be host:port.", nameof(address));
        MembershipCalls.Add($"add {nodeId} {address}");
        return Task.CompletedTask;
    }

    public Task RemoveMemberAsync(string nodeId, CancellationToken cancellationToken = default)
    {
        ThrowIfAsked();
        MembershipCalls.Add($"remove {nodeId}");
        return Task.CompletedTask;
    }

    public bool TryRead<TState, TResult>(string key, TState state, KvReader<TState, TResult> read, out TResult? result) => throw new NotSupportedException();

    public IAsyncEnumerable<KvEntry> ScanAsync(KvKeyRange range, KvScanOptions options = default, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public IAsyncEnumerable<RaftKvStatus> WatchStatusAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task WaitUntilReadyAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

    public Task TransferLeadershipAsync(string? toNodeId = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<KvVersion> TakeSnapshotAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    private void ThrowIfAsked()
    {
        if (Failure is { } failure)
            throw failure;
    }
}
