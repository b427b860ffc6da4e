using System.Diagnostics;
using RaftKv.TestNode.Driver;
using RaftKv.TestNode.Protocol;

namespace RaftKv.Benchmarks;

/// <summary>How the cost grows with one dimension (nodes, callers, bytes of a value, or keys) while the others stay as they are.</summary>
internal sealed class GrowthBenchmark(Arguments arguments)
{
    private const long MaxBytes = 256 * 1024 * 1024;

    /// <param name="Over">The dimension that grows.</param>
    /// <param name="At">Its value.</param>
    /// <param name="RssMb">Resident memory of the node with the most, in MiB.</param>
    private sealed record Point(string Op, string Over, long At, double OpsPerS, double MbPerS, double P50Us, double P99Us, double RssMb, long Errors, double? RestartMs = null, double? SnapshotMs = null);

    public async Task RunAsync()
    {
        foreach (var over in arguments.Over)
        {
            switch (over)
            {
                case "nodes":
                    await EachAsync([1, 3, 5, 7], at => MeasureAsync(over, at, nodes: (int)at, operations: [LoadOperation.Put, LoadOperation.Get]));
                    break;
                case "callers":
                    await MeasureCallersAsync(over, [1, 4, 16, 64, 256, 1_024]);
                    break;
                case "value":
                    await EachAsync([16, 100, 1_024, 10_240, 102_400, 1_048_576], at => MeasureAsync(over, at, valueBytes: (int)at, operations: [LoadOperation.Put, LoadOperation.Get]));
                    break;
                case "keys":
                    await EachAsync([10_000, 100_000, 1_000_000], MeasureKeysAsync);
                    break;
                default:
                    throw new ArgumentException($"'{over}' does not grow. What grows is nodes, callers, value and keys.");
            }
        }
    }

    private async Task EachAsync(long[] points, Func<long, Task> measure)
    {
        foreach (var at in arguments.AtOr(points))
            await measure(at);
    }

    private async Task MeasureAsync(string over, long at, LoadOperation[] operations, int nodes = 3, int valueBytes = 100)
    {
        await using var cluster = await TestCluster.FormAsync(nodes, program: _ => ClusterBenchmark.NodeProgram);
        var leader = await cluster.LeaderAsync();
        var keys = (int)Math.Clamp(MaxBytes / valueBytes, 16, 100_000);
        var load = new LoadRequest { Keys = keys, ValueBytes = valueBytes, Callers = 64 };
        await leader.LoadAsync(load with { Count = keys });
        foreach (var operation in operations)
            await MeasureAsync(over, at, cluster, load with { Operation = operation, Seconds = arguments.Seconds });
    }

    private async Task MeasureCallersAsync(string over, long[] points)
    {
        await using var cluster = await TestCluster.FormAsync(3, program: _ => ClusterBenchmark.NodeProgram);
        var load = new LoadRequest { ValueBytes = 100 };
        await (await cluster.LeaderAsync()).LoadAsync(load with { Count = load.Keys });
        foreach (var operation in (LoadOperation[])[LoadOperation.Put, LoadOperation.Get])
            await EachAsync(points, at => MeasureAsync(over, at, cluster, load with { Operation = operation, Callers = (int)at, Seconds = arguments.Seconds }));
    }

    private async Task MeasureAsync(string over, long at, TestCluster cluster, LoadRequest load)
    {
        var leader = await cluster.LeaderAsync();
        await leader.LoadAsync(load with { Seconds = arguments.WarmUp });
        Print(load.Operation.ToString().ToLowerInvariant(), over, at, cluster, await leader.LoadAsync(load), load);
    }

    /// <summary>Fills the store, takes a snapshot of all of it on a follower, and restarts that follower.</summary>
    private async Task MeasureKeysAsync(long at)
    {
        await using var cluster = await TestCluster.FormAsync(3, program: _ => ClusterBenchmark.NodeProgram);
        var fill = new LoadRequest { Keys = (int)at, Count = at, Callers = 256 };
        var filled = await (await cluster.LeaderAsync()).LoadAsync(fill);
        var follower = await cluster.FollowerAsync();
        var last = (await (await cluster.LeaderAsync()).StatusAsync()).CommitIndex;
        await cluster.WaitAsync("follower that has everything", async () => (await follower.StatusAsync()).AppliedIndex >= last, seconds: 120);
        var snapshot = await TimeAsync(() => follower.TakeSnapshotAsync());
        await follower.KillAsync();
        var restart = await TimeAsync(async () =>
        {
            await follower.StartAsync();
            await follower.WaitUntilReadyAsync();
            await follower.GetAsync("any");
        });
        Print("load", "keys", at, cluster, filled, fill, restart, snapshot);
    }

    private static async Task<double> TimeAsync(Func<Task> work)
    {
        var started = Stopwatch.GetTimestamp();
        await work();
        return Math.Round(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
    }

    private static void Print(string op, string over, long at, TestCluster cluster, LoadReport report, LoadRequest load, double? restartMs = null, double? snapshotMs = null)
    {
        var perSecond = Math.Round(report.Operations / report.Seconds);
        var resident = cluster.Nodes.Max(n => ProcessUsage.ResidentMegabytes(n.ProcessId));
        ResultLine.Print(new Point(op, over, at, perSecond, Math.Round(perSecond * load.ValueBytes / 1e6, 1), report.P50Us, report.P99Us, resident, report.Errors, restartMs, snapshotMs));
    }
}
