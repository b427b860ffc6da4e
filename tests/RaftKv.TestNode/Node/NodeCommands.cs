using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using RaftKv.Embedded;
using RaftKv.TestNode.Protocol;

namespace RaftKv.TestNode.Node;

/// <summary>The commands of a node: the calls of the public contract, loads, and disturbances of its process.</summary>
internal sealed class NodeCommands(
    IDistributedKv kv, IRaftKvCluster cluster, IRaftKvCoordination coordination, IRaftKvLeases leases, Func<CancellationToken, Task> stop)
{
    private readonly ConcurrentDictionary<string, KvLock> _locks = new();
    private ChurnRunner? _churn;

    /// <summary>True when a stop was requested and has ended.</summary>
    public bool WasStopped { get; private set; }

    public static bool IsImmediate(string op) => op is "status" or "tryread" or "blockpool" or "garbage" or "churn" or "churnwindow";

    public object? RunImmediate(NodeRequest request) => request.Op switch
    {
        "status" => cluster.Status,
        "tryread" => TryRead(request.Key!),
        "blockpool" => BlockPool(TimeSpan.FromSeconds(request.Seconds)),
        "garbage" => MakeGarbage(TimeSpan.FromSeconds(request.Seconds)),
        "churn" => (_churn = new ChurnRunner(kv, request.Churn!)).TakeWindow(),
        "churnwindow" => _churn!.TakeWindow(),
        _ => throw new ArgumentException($"Unknown command '{request.Op}'."),
    };

    public async Task<object?> RunAsync(NodeRequest request)
    {
        using var cancellation = new CancellationTokenSource();
        if (request.CancelAfterMs > 0)
            cancellation.CancelAfter(request.CancelAfterMs);
        var token = cancellation.Token;
        switch (request.Op)
        {
            case "set":
                return await kv.SetAsync(request.Key!, request.Value, new KvSetOptions { When = ConditionOf(request), TimeToLive = TimeToLiveOf(request), ExpiresAt = request.ExpiresAt }, token);
            case "move":
                return (await MoveAsync(request, token)).Version;
            case "lock":
                var held = await coordination.AcquireLockAsync(request.Key!, new KvLockOptions { TimeToLive = TimeSpan.FromSeconds(request.Seconds) }, token);
                _locks[request.Key!] = held;
                return held.FencingToken;
            case "unlock":
                await _locks[request.Key!].ReleaseAsync(token);
                return null;
            case "locklost":
                return _locks[request.Key!].LostToken.IsCancellationRequested;
            case "get":
                var read = new KvReadOptions { Consistency = request.Consistency, MinVersion = new KvVersion(request.Version) };
                return await kv.GetAsync(request.Key!, read, token);
            case "delete":
                return await kv.DeleteAsync(request.Key!, new() { When = ConditionOf(request) }, token);
            case "scan":
                return await ScanAsync(request, token);
            case "watch":
                return await WatchAsync(request, token);
            case "add":
                await cluster.AddMemberAsync(request.NodeId!, request.Address!, token);
                return null;
            case "addlearner":
                await cluster.AddMemberAsync(request.NodeId!, request.Address!, RaftKvMemberRole.Learner, token);
                return null;
            case "replace":
                await cluster.ReplaceMemberAsync(request.Key!, request.NodeId!, request.Address!, token);
                return null;
            case "remove":
                await cluster.RemoveMemberAsync(request.NodeId!, token);
                return null;
            case "transfer":
                await cluster.TransferLeadershipAsync(request.NodeId, token);
                return null;
            case "snapshot":
                return await cluster.TakeSnapshotAsync(token);
            case "waitready":
                await cluster.WaitUntilReadyAsync(token);
                return null;
            case "load":
                return await new LoadRunner(kv, request.Load!).RunAsync();
            case "conformance":
                return await ConformanceRunner.RunAsync(kv, leases, coordination, token);
            case "churnstop":
                await _churn!.StopAsync();
                return _churn.TakeWindow();
            case "hash":
                return await HashAsync(token);
            case "stop":
                await stop(token);
                WasStopped = true;
                return null;
            default:
                throw new ArgumentException($"Unknown command '{request.Op}'.");
        }
    }

    private static TimeSpan? TimeToLiveOf(NodeRequest request) => request.Seconds > 0 ? TimeSpan.FromSeconds(request.Seconds) : null;

    /// <summary>Moves an amount from one account to another, and counts that it did.</summary>
    private ValueTask<KvTransactionResult> MoveAsync(NodeRequest request, CancellationToken cancellationToken)
    {
        var move = new KvTransaction();
        move.Then.Increment(request.Key!, -request.Version).Increment(request.NodeId!, request.Version).Increment("ledger");
        return kv.CommitAsync(move, cancellationToken);
    }

    private static KvCondition ConditionOf(NodeRequest request) => request.When switch
    {
        KvConditionKind.Exists => KvCondition.Exists,
        KvConditionKind.NotExists => KvCondition.NotExists,
        KvConditionKind.VersionIs => KvCondition.VersionIs(new KvVersion(request.Version)),
        _ => KvCondition.Always,
    };

    private async Task<List<KvEntry>> ScanAsync(NodeRequest request, CancellationToken cancellationToken)
    {
        var entries = new List<KvEntry>();
        await foreach (var entry in kv.ScanAsync(request.Range, request.Scan, cancellationToken))
            entries.Add(entry);
        return entries;
    }

    /// <summary>Everything from a version on, up to and with the write of a key.</summary>
    private async Task<List<KvEvent>> WatchAsync(NodeRequest request, CancellationToken cancellationToken)
    {
        var told = new List<KvEvent>();
        await foreach (var change in kv.WatchAsync(request.Range, new KvWatchOptions { FromVersion = new KvVersion(request.Version), KeysOnly = true }, cancellationToken))
        {
            told.Add(change);
            if (change.Key == request.Key)
                break;
        }
        return told;
    }

    private KvGetResult TryRead(string key)
        => kv.TryRead(key, 0, static (value, version, _) => (Value: value.ToArray(), version), out var seen)
            ? new KvGetResult { Found = true, Value = seen.Value, Version = seen.version }
            : default;

    /// <summary>
    /// Blocks every thread of the pool until one moment in time: the pool adds a thread or two a second while its queue does not move,
    /// and each of them takes the next of these items.
    /// </summary>
    private static string BlockPool(TimeSpan duration)
    {
        var until = Environment.TickCount64 + (long)duration.TotalMilliseconds;
        for (var i = 0; i < 2_000; i++)
            ThreadPool.UnsafeQueueUserWorkItem(static until => Thread.Sleep((int)Math.Max(0, until - Environment.TickCount64)), until, preferLocal: false);
        return "blocked";
    }

    /// <summary>Acts as a host with a large live heap whose garbage collections never pause: each collection stops every thread.</summary>
    private static string MakeGarbage(TimeSpan duration)
    {
        new Thread(() =>
        {
            var until = Environment.TickCount64 + (long)duration.TotalMilliseconds;
            var kept = new List<object[]>();
            while (Environment.TickCount64 < until)
            {
                for (var i = 0; i < 200; i++)
                    kept.Add([.. Enumerable.Range(0, 100).Select(_ => new byte[64])]);
                if (kept.Count > 10_000)
                    kept.Clear();
                GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
            }
        }) { IsBackground = true, Name = "garbage" }.Start();
        return "collecting";
    }

    private async Task<ContentHash> HashAsync(CancellationToken cancellationToken)
    {
        var before = cluster.Status.AppliedIndex;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var keys = 0L;
        await foreach (var entry in kv.ScanAsync(KvKeyRange.All, new KvScanOptions { Consistency = KvConsistency.Stale }, cancellationToken))
        {
            keys++;
            var key = Encoding.UTF8.GetBytes(entry.Key);
            hash.AppendData(BitConverter.GetBytes(key.Length));
            hash.AppendData(key);
            hash.AppendData(BitConverter.GetBytes(entry.Value.Length));
            hash.AppendData(entry.Value.Span);
            hash.AppendData(BitConverter.GetBytes(entry.Version.Value));
        }

        return new ContentHash(Convert.ToHexString(hash.GetHashAndReset()), keys, before, cluster.Status.AppliedIndex);
    }
}
