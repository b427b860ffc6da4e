using System.Diagnostics;
using RaftKv.TestNode.Driver;
using RaftKv.TestNode.Protocol;

namespace RaftKv.Benchmarks;

/// <summary>
/// The time of a start: of a new cluster, of one node with much data, of all nodes with it; and the memory that the data takes.
/// </summary>
internal sealed class StartBenchmark(Arguments arguments)
{
    private const int KeyBytes = 16;

    /// <summary>Fresh processes on empty disks, from the first fork until one of them has a write acknowledged.</summary>
    public async Task StartAsync()
    {
        var times = new List<double>();
        for (var round = 0; round < arguments.Rounds; round++)
        {
            await using var cluster = NewCluster();
            times.Add(await StartAllAsync(cluster));
        }
        ResultLine.OfTimes("start", times, $"{arguments.Nodes} fresh processes until the first successful write, the start of the runtime included").Print();
    }

    /// <summary>Restarts of killed processes: one node with all keys in its log, then in its snapshot, then all nodes.</summary>
    public async Task RestartAsync()
    {
        var keys = arguments.KeysOr(1_000_000);
        await using var cluster = NewCluster();
        await StartAllAsync(cluster);
        var fill = new LoadRequest { Count = keys, Keys = keys, ValueBytes = arguments.ValueBytes, Callers = 256 };
        await (await cluster.LeaderAsync()).LoadAsync(fill);
        await cluster.SameContentAsync(120);
        PrintMemory("memory_after_load", cluster, keys);
        await RestartOneAsync(cluster, keys, "log");
        foreach (var node in cluster.Nodes)
            await node.TakeSnapshotAsync();
        await RestartOneAsync(cluster, keys, "snapshot");
        PrintMemory("memory_after_restart", cluster, keys);
        await RestartAllAsync(cluster, keys);
    }

    private TestCluster NewCluster()
    {
        var cluster = new TestCluster(program: _ => ClusterBenchmark.NodeProgram);
        var members = Enumerable.Range(1, arguments.Nodes).Select(_ => cluster.AddNode()).ToArray();
        foreach (var node in members)
        {
            foreach (var member in members)
                node.Options.InitialMembers.Add(new() { NodeId = member.NodeId, Address = member.Address });
        }
        return cluster;
    }

    private static async Task<double> StartAllAsync(TestCluster cluster)
    {
        var started = Stopwatch.GetTimestamp();
        await await Task.WhenAny(cluster.Nodes.Select(async node =>
        {
            await node.StartAsync();
            await FailoverBenchmark.FirstWriteAsync(node);
        }).ToArray());
        var time = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        await cluster.WaitAsync("start of all nodes", () => Task.FromResult(cluster.Nodes.All(n => n.IsRunning)));
        return time;
    }

    /// <summary>
    /// Restarts a follower and measures until it answers a linearizable read: it has loaded all data, and applied what the others have.
    /// </summary>
    private async Task RestartOneAsync(TestCluster cluster, int keys, string from)
    {
        var times = new List<double>();
        for (var round = 0; round < arguments.RoundsOr(5); round++)
        {
            var node = await cluster.FollowerAsync();
            await node.KillAsync();
            var started = Stopwatch.GetTimestamp();
            await node.StartAsync();
            await node.GetAsync("failover");
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }
        ResultLine.OfTimes($"restart_from_{from}", times, $"one of {arguments.Nodes} nodes with {keys} keys in its {from}, from the fork of its process to its first linearizable read").Print();
    }

    private async Task RestartAllAsync(TestCluster cluster, int keys)
    {
        var times = new List<double>();
        for (var round = 0; round < arguments.RoundsOr(5); round++)
        {
            await Task.WhenAll(cluster.Nodes.Select(n => n.KillAsync()));
            times.Add(await StartAllAsync(cluster));
        }
        ResultLine.OfTimes("restart_all", times, $"all of {arguments.Nodes} nodes with {keys} keys at once, on this machine, until the first successful write").Print();
    }

    private void PrintMemory(string op, TestCluster cluster, int keys)
    {
        double[] resident = [.. cluster.Nodes.Select(n => ProcessUsage.ResidentMegabytes(n.ProcessId))];
        var payload = (double)keys * (KeyBytes + arguments.ValueBytes);
        new ResultLine
        {
            Op = op,
            RssMb = resident,
            Note = FormattableString.Invariant($"{keys} records of {KeyBytes + arguments.ValueBytes} B, default options; the largest is {resident.Max() * 1024 * 1024 / payload:0.00} x the payload"),
        }.Print();
    }
}
