using System.Text;
using RaftKv.Embedded;
using RaftKv.TestNode.Protocol;

namespace RaftKv.TestNode.Driver;

/// <summary>
/// One node of a test's cluster: an identity, a data directory and a port that outlive its processes. Its calls are those of the public
/// contract.
/// </summary>
public sealed class ClusterNode(NodeProgram program, RaftKvOptions options, string logPath)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private NodeProcess? process;

    public string NodeId => options.NodeId;

    public RaftKvOptions Options => options;

    public string Address => options.AdvertiseAddress ?? options.ListenAddress;

    public bool IsRunning => process is { HasExited: false };

    public int ProcessId => Process.ProcessId;

    private NodeProcess Process => process is { HasExited: false } running ? running : throw new NodeDownException(NodeId);

    /// <summary>The resident memory of the process, in bytes.</summary>
    public long MemoryBytes()
    {
        using var self = System.Diagnostics.Process.GetProcessById(ProcessId);
        return self.WorkingSet64;
    }

    public async Task StartAsync()
    {
        await DisposeProcessAsync();
        process = await NodeProcess.StartAsync(program, options, Bootstrap, logPath);
    }

    /// <summary>
    /// As in the article: a node whose options name no other node bootstraps a cluster with its first call, or is added to one.
    /// </summary>
    private RaftKvBootstrap Bootstrap
        => options.Bootstrap == RaftKvBootstrap.Auto && options.InitialMembers.Count + options.Seeds.Count == 0 ? RaftKvBootstrap.SingleNode : options.Bootstrap;

    /// <summary>kill -9.</summary>
    public Task KillAsync() => Process.KillAsync();

    public async Task RestartAsync()
    {
        await KillAsync();
        await StartAsync();
    }

    public void Pause() => Process.Pause();

    public void Continue() => Process.Continue();

    /// <summary>A graceful stop of the host; the process ends.</summary>
    /// <param name="drains">True if the host first accepts no more calls and lets the accepted ones end: see <see
    /// cref="NodeCallException.IsClosed"/>.</param>
    public async Task StopAsync(bool drains = false)
    {
        await Process.AskAsync<object>(new NodeRequest { Op = "stop", Drains = drains }, Patience);
        await Process.EndAsync(Patience);
    }

    public async ValueTask DisposeProcessAsync()
    {
        if (process is not null)
            await process.DisposeAsync();
        process = null;
    }

    /// <summary>Called when the test is over: the process may run a node of another test.</summary>
    public async Task ReleaseAsync()
    {
        if (process is { } last && program == NodeProgram.TestNode)
            await IdleProcesses.ReturnAsync(last);
        else
            await DisposeProcessAsync();
        process = null;
    }

    /// <summary>The last lines the node wrote.</summary>
    public string LogTail(int lines = 40) => File.Exists(logPath) ? string.Join(Environment.NewLine, File.ReadLines(logPath).TakeLast(lines)) : "(no log)";

    public Task<KvWriteResult> SetAsync(string key, string value, KvCondition when = default, int cancelAfterMs = 0)
        => SetAsync(key, Encoding.UTF8.GetBytes(value), when, cancelAfterMs);

    public Task<KvWriteResult> SetAsync(string key, byte[] value, KvCondition when = default, int cancelAfterMs = 0)
        => AskAsync<KvWriteResult>(new NodeRequest { Op = "set", Key = key, Value = value, When = when.Kind, Version = when.Version.Value, CancelAfterMs = cancelAfterMs });

    public Task<KvWriteResult> SetForAsync(string key, string value, TimeSpan timeToLive)
        => AskAsync<KvWriteResult>(new NodeRequest { Op = "set", Key = key, Value = Encoding.UTF8.GetBytes(value), Seconds = timeToLive.TotalSeconds });

    public Task<KvWriteResult> SetUntilAsync(string key, string value, DateTimeOffset end)
        => AskAsync<KvWriteResult>(new NodeRequest { Op = "set", Key = key, Value = Encoding.UTF8.GetBytes(value), ExpiresAt = end });

    /// <summary>A transaction: moves an amount from one account to another, and increments the ledger.</summary>
    public Task<KvVersion> MoveAsync(string from, string to, long amount)
        => AskAsync<KvVersion>(new NodeRequest { Op = "move", Key = from, NodeId = to, Version = amount });

    /// <summary>The lock's fencing token, once this node has it.</summary>
    public Task<KvVersion> LockAsync(string name, TimeSpan timeToLive)
        => AskAsync<KvVersion>(new NodeRequest { Op = "lock", Key = name, Seconds = timeToLive.TotalSeconds }, 60);

    public Task UnlockAsync(string name) => AskAsync<object>(new NodeRequest { Op = "unlock", Key = name });

    public Task<bool> HasLostLockAsync(string name) => AskAsync<bool>(new NodeRequest { Op = "locklost", Key = name });

    public Task<KvGetResult> GetAsync(string key, KvConsistency consistency = KvConsistency.Linearizable, KvVersion minVersion = default, int cancelAfterMs = 0)
        => AskAsync<KvGetResult>(new NodeRequest { Op = "get", Key = key, Consistency = consistency, Version = minVersion.Value, CancelAfterMs = cancelAfterMs });

    /// <summary>The value as text; <c>null</c> when the key does not exist.</summary>
    public async Task<string?> GetTextAsync(string key, KvConsistency consistency = KvConsistency.Linearizable)
        => await GetAsync(key, consistency) is { Found: true } found ? Encoding.UTF8.GetString(found.Value.Span) : null;

    public Task<KvGetResult> TryReadAsync(string key) => AskAsync<KvGetResult>(new NodeRequest { Op = "tryread", Key = key });

    public Task<KvWriteResult> DeleteAsync(string key, KvCondition when = default)
        => AskAsync<KvWriteResult>(new NodeRequest { Op = "delete", Key = key, When = when.Kind, Version = when.Version.Value });

    public Task<KvEntry[]> ScanAsync(KvKeyRange range = default, KvScanOptions options = default)
        => AskAsync<KvEntry[]>(new NodeRequest { Op = "scan", Range = range, Scan = options });

    /// <summary>The changes that a watch reports from a version on, up to and including the write of a key; without values.</summary>
    public Task<KvEvent[]> WatchAsync(KvKeyRange range, KvVersion from, string until)
        => AskAsync<KvEvent[]>(new NodeRequest { Op = "watch", Range = range, Version = from.Value, Key = until }, 120);

    public Task<RaftKvStatus> StatusAsync() => AskAsync<RaftKvStatus>(new NodeRequest { Op = "status" });

    public Task AddMemberAsync(ClusterNode node) => AddMemberAsync(node.NodeId, node.Address);

    public Task AddMemberAsync(string nodeId, string address) => AskAsync<object>(new NodeRequest { Op = "add", NodeId = nodeId, Address = address }, 60);

    public Task AddLearnerAsync(ClusterNode node) => AskAsync<object>(new NodeRequest { Op = "addlearner", NodeId = node.NodeId, Address = node.Address }, 60);

    public Task ReplaceMemberAsync(string old, ClusterNode node) => AskAsync<object>(new NodeRequest { Op = "replace", Key = old, NodeId = node.NodeId, Address = node.Address }, 90);

    public Task RemoveMemberAsync(string nodeId) => AskAsync<object>(new NodeRequest { Op = "remove", NodeId = nodeId });

    public Task TransferLeadershipAsync(string? toNodeId = null) => AskAsync<object>(new NodeRequest { Op = "transfer", NodeId = toNodeId });

    public Task<KvVersion> TakeSnapshotAsync() => AskAsync<KvVersion>(new NodeRequest { Op = "snapshot" }, 60);

    public Task WaitUntilReadyAsync() => AskAsync<object>(new NodeRequest { Op = "waitready" });

    public Task BlockThreadPoolAsync(double seconds) => AskAsync<object>(new NodeRequest { Op = "blockpool", Seconds = seconds });

    /// <summary>Forced, blocking, compacting collections of a large heap, one after the other, for this time. Returns at once.</summary>
    public Task CollectGarbageAsync(double seconds) => AskAsync<object>(new NodeRequest { Op = "garbage", Seconds = seconds });

    public Task<LoadReport> LoadAsync(LoadRequest load) => AskAsync<LoadReport>(new NodeRequest { Op = "load", Load = load }, 600);

    /// <summary>Begins to overwrite and delete keys and to write keys that expire, until <see cref="StopChurnAsync"/>.</summary>
    public Task<ChurnWindow> ChurnAsync(ChurnRequest churn) => AskAsync<ChurnWindow>(new NodeRequest { Op = "churn", Churn = churn });

    /// <summary>The figures of the churn since they were asked for the last time.</summary>
    public Task<ChurnWindow> ChurnWindowAsync() => AskAsync<ChurnWindow>(new NodeRequest { Op = "churnwindow" });

    public Task<ChurnWindow> StopChurnAsync() => AskAsync<ChurnWindow>(new NodeRequest { Op = "churnstop" });

    /// <summary>Runs the conformance suite in the node's process.</summary>
    public Task<ConformanceReport> RunConformanceAsync() => AskAsync<ConformanceReport>(new NodeRequest { Op = "conformance" }, 120);

    public Task<ContentHash> HashAsync() => AskAsync<ContentHash>(new NodeRequest { Op = "hash" }, 120);

    private Task<T> AskAsync<T>(NodeRequest request, double patienceSeconds = 0)
        => Process.AskAsync<T>(request, patienceSeconds > 0 ? TimeSpan.FromSeconds(patienceSeconds) : Patience);
}
