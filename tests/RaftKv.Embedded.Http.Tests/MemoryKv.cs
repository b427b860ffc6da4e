using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>
/// A store and a cluster in memory, so that tests check the HTTP layer alone. <see cref="Failure"/> makes every call fail.
/// </summary>
internal sealed class MemoryKv : IDistributedKv, IRaftKvCluster
{
    private readonly ConcurrentDictionary<string, (byte[] Value, KvVersion Version)> _entries = new(StringComparer.Ordinal);
    private readonly Channel<int> _changes = Channel.CreateUnbounded<int>();
    private long _version;
    private int _waiting;

    public Exception? Failure { get; set; }

    /// <summary>How many entries a scan returns before it fails; 0 is all of them.</summary>
    public int ScanFailsAfter { get; set; }

    /// <summary>Reads of a key wait until their caller cancels.</summary>
    public bool Hangs { get; set; }

    /// <summary>What a backup writes.</summary>
    public Func<Stream, CancellationToken, Task>? Backup { get; set; }

    /// <summary>The number of reads that wait because of <see cref="Hangs"/>.</summary>
    public int Waiting => _waiting;

    /// <summary>The age of the copy that reads report.</summary>
    public TimeSpan Age { get; set; }

    public KvConsistency? LastConsistency { get; private set; }

    public KvVersion LastMinVersion { get; private set; }

    /// <summary>The child after which the last listing of children began.</summary>
    public string? LastAfter { get; private set; }

    public List<string> MembershipCalls { get; } = [];

    public IEnumerable<string> Keys => _entries.Keys;

    public RaftKvStatus Status { get; set; } = new() { NodeId = "node1", Address = "127.0.0.1:1111" };

    public async ValueTask<KvGetResult> GetAsync(string key, KvReadOptions options = default, CancellationToken cancellationToken = default)
    {
        ThrowIfAsked();
        await HangIfAskedAsync(cancellationToken);
        LastConsistency = options.Consistency;
        LastMinVersion = options.MinVersion;
        if (Age > options.MaxAge)
            throw new RaftKvUnavailableException(RaftKvUnavailableReason.StaleRead, "The copy is too old.");
        var readAt = new KvVersion(_version);
        return _entries.TryGetValue(key, out var entry)
            ? new KvGetResult { Found = true, Value = entry.Value, Version = entry.Version, ReadAt = readAt, Age = Age }
            : new KvGetResult { ReadAt = readAt, Age = Age };
    }

    public ValueTask<KvWriteResult> SetAsync(string key, ReadOnlyMemory<byte> value, KvSetOptions options = default, CancellationToken cancellationToken = default)
    {
        ThrowIfAsked();
        if (!Holds(options.When, key, out var current))
            return new(new KvWriteResult(false, current));
        var version = new KvVersion(Interlocked.Increment(ref _version));
        _entries[key] = (value.ToArray(), version);
        return new(new KvWriteResult(true, version));
    }

    public ValueTask<KvWriteResult> DeleteAsync(string key, KvDeleteOptions options = default, CancellationToken cancellationToken = default)
    {
        ThrowIfAsked();
        if (!Holds(options.When, key, out var current))
            return new(new KvWriteResult(false, current));
        return new(new KvWriteResult(_entries.TryRemove(key, out _), new KvVersion(Interlocked.Increment(ref _version))));
    }

    public ValueTask<KvTransactionResult> CommitAsync(KvTransaction transaction, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task AddMemberAsync(string nodeId, string address, RaftKvMemberRole role, CancellationToken cancellationToken = default) =>
        AddMemberAsync(nodeId, role == RaftKvMemberRole.Voter ? address : $"{address} as a learner", cancellationToken);

    public Task ReplaceMemberAsync(string oldNodeId, string newNodeId, string newAddress, CancellationToken cancellationToken = default) => throw new NotSupportedException();

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

    public ValueTask<KvReadResult<TResult>> ReadAsync<TState, TResult>(string key, TState state, KvReader<TState, TResult> read, KvReadOptions options = default, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public async IAsyncEnumerable<KvEntry> ScanAsync(KvKeyRange range, KvScanOptions options = default, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.Yield();
        ThrowIfAsked();
        LastConsistency = options.Consistency;
        var keys = _entries.Keys.Order(StringComparer.Ordinal)
            .Where(k => k.StartsWith(range.Prefix ?? "", StringComparison.Ordinal) && string.CompareOrdinal(k, options.After) > 0)
            .Take(options.Limit == 0 ? int.MaxValue : options.Limit);
        var count = 0;
        foreach (var key in keys)
        {
            if (ScanFailsAfter > 0 && count++ == ScanFailsAfter)
                throw new RaftKvUnavailableException(RaftKvUnavailableReason.Stopping, "This node is stopping.");
            yield return options.KeysOnly ? new KvEntry { Key = key }
                : new KvEntry { Key = key, Value = _entries[key].Value, Version = _entries[key].Version };
        }
    }

    public ValueTask<KvScanPage> ScanPageAsync(KvKeyRange range, KvScanOptions options = default, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public ValueTask<long> CountAsync(KvKeyRange range, KvReadOptions options = default, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public async IAsyncEnumerable<KvChild> ListChildrenAsync(
        string prefix, char delimiter = '/', KvReadOptions options = default, string? after = null,
            [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.Yield();
        ThrowIfAsked();
        LastAfter = after;
        var names = _entries.Keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal))
            .Select(k => k[..(k.IndexOf(delimiter, prefix.Length) is var end and >= 0 ? end + 1 : k.Length)]);
        foreach (var name in names.Distinct().Order(StringComparer.Ordinal).Where(n => string.CompareOrdinal(n, after) > 0))
            yield return new KvChild { Name = name, IsGroup = name.Length > prefix.Length && name[^1] == delimiter };
    }

    public IAsyncEnumerable<KvEvent> WatchAsync(KvKeyRange range, KvWatchOptions options = default, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public async IAsyncEnumerable<RaftKvStatus> WatchStatusAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        yield return Status;
        await foreach (var _ in _changes.Reader.ReadAllAsync(cancellationToken))
            yield return Status;
    }

    /// <summary>Sets the status and notifies its watches.</summary>
    public void Change(RaftKvStatus status)
    {
        Status = status;
        _changes.Writer.TryWrite(0);
    }

    public Task WaitUntilReadyAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

    public Task TransferLeadershipAsync(string? toNodeId = null, CancellationToken cancellationToken = default)
    {
        ThrowIfAsked();
        MembershipCalls.Add($"transfer {toNodeId}");
        return Task.CompletedTask;
    }

    public async Task<RaftKvBackupInfo> BackupAsync(Stream destination, KvVersion? minVersion = null, CancellationToken cancellationToken = default)
    {
        ThrowIfAsked();
        await Backup!(destination, cancellationToken);
        return null!;
    }

    public Task<KvVersion> TakeSnapshotAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfAsked();
        return Task.FromResult(new KvVersion(_version));
    }

    private bool Holds(KvCondition when, string key, out KvVersion current)
    {
        current = _entries.TryGetValue(key, out var entry) ? entry.Version : KvVersion.None;
        return when.Kind switch
        {
            KvConditionKind.Exists => current != KvVersion.None,
            KvConditionKind.NotExists => current == KvVersion.None,
            KvConditionKind.VersionIs => current == when.Version,
            _ => true,
        };
    }

    private async Task HangIfAskedAsync(CancellationToken cancellationToken)
    {
        if (!Hangs)
            return;
        Interlocked.Increment(ref _waiting);
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private void ThrowIfAsked()
    {
        if (Failure is { } failure)
            throw failure;
    }
}
