using RaftKv.TestNode.Driver;
using RaftKv.TestNode.Protocol;

namespace RaftKv.Benchmarks;

/// <summary>Three durable processes on loopback; the load runs inside the leader's process, then inside a follower's.</summary>
internal sealed class ClusterBenchmark(Arguments arguments)
{
    public static NodeProgram NodeProgram { get; } = new(typeof(ClusterBenchmark).Assembly.Location, "node");

    public async Task RunAsync()
    {
        MachineLimits.Print();
        var lines = new List<Line>();
        for (var run = 0; run < arguments.Runs; run++)
            await MeasureAllAsync(lines);
        if (arguments.Runs > 1)
            PrintMedians(lines);
    }

    private static LoadOperation Parse(string operation) => operation switch
    {
        "put" => LoadOperation.Put,
        "get" => LoadOperation.Get,
        "lease" => LoadOperation.Lease,
        "stale" => LoadOperation.Stale,
        "tryread" => LoadOperation.TryRead,
        "transaction" => LoadOperation.Transaction,
        _ => throw new ArgumentException($"'{operation}' is no operation. The operations are put, get, lease, stale, tryread and transaction (of 16 puts)."),
    };

    private static void PrintMedians(List<Line> lines)
    {
        foreach (var group in lines.GroupBy(l => (l.Op, l.Clients, l.From)))
        {
            double Median(Func<Line, double> value) => group.Select(value).Order().ElementAt(group.Count() / 2);
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

    private async Task MeasureAllAsync(List<Line> lines)
    {
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
                    var request = fill with { Count = 0, Operation = Parse(operation), Callers = callers, Seconds = arguments.Seconds };
                    await node.LoadAsync(request with { Seconds = arguments.WarmUp });
                    lines.Add(await MeasureAsync(cluster, node, operation, from, request));
                }
            }
        }
    }

    private async Task<Line> MeasureAsync(TestCluster cluster, ClusterNode node, string operation, string from, LoadRequest request)
    {
        var term = (await node.StatusAsync()).Term;
        var cpu = CpuSeconds(cluster);
        var report = await node.LoadAsync(request);
        cpu = CpuSeconds(cluster) - cpu;
        var line = new Line
        {
            Op = operation,
            Clients = request.Callers,
            OpsPerS = Math.Round(report.Operations / report.Seconds),
            P50Us = report.P50Us,
            P99Us = report.P99Us,
            Durable = true,
            From = from,
            Note = $"{arguments.Nodes} processes on loopback, fdatasync on a quorum before each acknowledgement; load inside the {from}'s process; {arguments.Keys} keys of 16 B, values of {arguments.ValueBytes} B",
            Errors = report.Errors,
            CpuSPer10k = report.Operations == 0 ? null : Math.Round(cpu / report.Operations * 10_000, 4),
            RssMb = [.. cluster.Nodes.Select(n => ProcessUsage.ResidentMegabytes(n.ProcessId))],
            AllocBytesPerOp = report.AllocatedBytesPerOperation,
            Elections = (await node.StatusAsync()).Term - term,
        };
        line.Print();
        return line;
    }

    private static double CpuSeconds(TestCluster cluster) => cluster.Nodes.Sum(n => ProcessUsage.CpuSeconds(n.ProcessId));
}
