using RaftKv.TestNode.Driver;
using RaftKv.TestNode.Protocol;

namespace RaftKv.Benchmarks;

/// <summary>Three durable processes on loopback; the load runs inside the leader's process, then inside a follower's.</summary>
internal sealed class ClusterBenchmark(Arguments arguments)
{
    public static NodeProgram NodeProgram { get; } = new(typeof(ClusterBenchmark).Assembly.Location, "node");

    /// <summary>
    /// Measures in turns with the machine's disk, and with another system if one is given, so that a temporary disturbance of the machine
    /// affects all of them.
    /// </summary>
    public async Task RunAsync()
    {
        MachineLimits.Print();
        var peer = arguments.Against is { } path ? new PeerScript(path, arguments) : null;
        var (lines, machine, peers) = (new List<ResultLine>(), new PairedComparison(), new PairedComparison());
        var runs = arguments.RunsOr(peer is null ? 1 : 5);
        for (var run = 0; run < runs; run++)
        {
            var disk = MachineLimits.Fdatasync();
            var ours = await MeasureAllAsync();
            lines.AddRange(ours);
            machine.Add(ours, [disk with { Op = "put" }]);
            if (peer is not null)
                peers.Add(ours, await peer.RunAsync());
        }
        if (runs > 1)
            PrintMedians(lines);
        machine.Print();
        peers.Print();
    }

    private static LoadOperation Parse(string operation) => operation switch
    {
        "put" => LoadOperation.Put,
        "get" => LoadOperation.Get,
        "lease" => LoadOperation.Lease,
        "stale" => LoadOperation.Stale,
        "tryread" => LoadOperation.TryRead,
        "batch" => LoadOperation.Transaction,
        _ => throw new ArgumentException($"'{operation}' is no operation. The operations are put, get, lease, stale, tryread and batch."),
    };

    private static void PrintMedians(List<ResultLine> lines)
    {
        foreach (var group in lines.GroupBy(l => (l.Op, l.Clients, l.From)))
        {
            double Median(Func<ResultLine, double> value) => group.Select(value).Order().ElementAt(group.Count() / 2);
            (group.First() with
            {
                OpsPerS = Median(l => l.OpsPerS),
                P50Us = Median(l => l.P50Us),
                P99Us = Median(l => l.P99Us),
                CpuSPer10k = Median(l => l.CpuSPer10k ?? 0),
                AllocBytesPerOp = Median(l => l.AllocBytesPerOp ?? 0),
                Errors = group.Sum(l => l.Errors),
                Elections = group.Sum(l => l.Elections),
                Runs = group.Count(),
            }).Print();
        }
    }

    private async Task<List<ResultLine>> MeasureAllAsync()
    {
        var lines = new List<ResultLine>();
        await using var cluster = await TestCluster.FormAsync(arguments.Nodes, program: _ => NodeProgram);
        var fill = new LoadRequest { Count = arguments.Keys, Keys = arguments.Keys, ValueBytes = arguments.ValueBytes };
        lines.Add(await MeasureAsync(cluster, await cluster.LeaderAsync(), "load", "leader", fill));
        foreach (var from in arguments.From)
        {
            foreach (var operation in arguments.Operations)
            {
                foreach (var callers in arguments.Callers)
                {
                    // The leader may have changed since; what is measured is the role and not the process.
                    var node = from == "leader" ? await cluster.LeaderAsync() : await cluster.FollowerAsync();
                    var request = fill with { Count = 0, Operation = Parse(operation), Callers = callers, Seconds = arguments.Seconds, Batch = arguments.Batch };
                    await node.LoadAsync(request with { Seconds = arguments.WarmUp });
                    lines.Add(await MeasureAsync(cluster, node, operation, from, request));
                }
            }
        }
        return lines;
    }

    private async Task<ResultLine> MeasureAsync(TestCluster cluster, ClusterNode node, string operation, string from, LoadRequest request)
    {
        var term = (await node.StatusAsync()).Term;
        var cpu = CpuSeconds(cluster);
        var report = await node.LoadAsync(request);
        cpu = CpuSeconds(cluster) - cpu;
        var records = report.Operations * (request.Operation == LoadOperation.Transaction ? request.Batch : 1);
        var line = new ResultLine
        {
            Op = operation,
            Clients = request.Callers,
            OpsPerS = Math.Round(records / report.Seconds),
            P50Us = report.P50Us,
            P99Us = report.P99Us,
            Durable = true,
            From = from,
            Note = $"{arguments.Nodes} processes on loopback, fdatasync on a quorum before each acknowledgement; load inside the {from}'s process; {arguments.Keys} keys of 16 B, values of {arguments.ValueBytes} B",
            Errors = report.Errors,
            CpuSPer10k = records == 0 ? null : Math.Round(cpu / records * 10_000, 4),
            RssMb = [.. cluster.Nodes.Select(n => ProcessUsage.ResidentMegabytes(n.ProcessId))],
            AllocBytesPerOp = report.AllocatedBytesPerOperation,
            Elections = (await node.StatusAsync()).Term - term,
        };
        line.Print();
        return line;
    }

    private static double CpuSeconds(TestCluster cluster) => cluster.Nodes.Sum(n => ProcessUsage.CpuSeconds(n.ProcessId));
}
