using System.Diagnostics;
using RaftKv.TestNode.Driver;
using RaftKv.TestNode.Protocol;

namespace RaftKv.Benchmarks;

/// <summary>kill -9 of the leader, and the time until a write that was begun afterwards, on either of the other nodes, is acknowledged.</summary>
internal static class FailoverBenchmark
{
    public static async Task RunAsync(Arguments arguments)
    {
        await using var cluster = await TestCluster.FormAsync(arguments.Nodes, program: _ => ClusterBenchmark.NodeProgram);
        var times = new List<double>();
        for (var round = 0; round < arguments.Rounds; round++)
        {
            var leader = await cluster.LeaderAsync();
            await leader.LoadAsync(new LoadRequest { Callers = 4, Seconds = 0.5, Keys = 1_000 });
            leader = await cluster.LeaderAsync();
            var survivors = cluster.Nodes.Where(n => n != leader).ToArray();
            var killed = Stopwatch.GetTimestamp();
            await leader.KillAsync();
            await await Task.WhenAny(survivors.Select(WriteAsync));
            times.Add(Math.Round(Stopwatch.GetElapsedTime(killed).TotalMilliseconds, 1));
            await leader.StartAsync();
            await leader.WaitUntilReadyAsync();
        }

        var ordered = times.Order().ToArray();
        new Line
        {
            Op = "failover",
            P50Us = Percentile(ordered, 0.5) * 1e3,
            P99Us = Percentile(ordered, 0.99) * 1e3,
            Durable = true,
            Note = $"kill -9 of the leader until the next successful write, {arguments.Nodes} processes, default options",
            Runs = times.Count,
            Ms = [.. times],
        }.Print();
    }

    private static double Percentile(double[] ordered, double fraction) => ordered[Math.Max(0, (int)Math.Ceiling(fraction * ordered.Length) - 1)];

    /// <summary>Tries until one write is acknowledged. The node itself waits for a leader inside each attempt.</summary>
    private static async Task WriteAsync(ClusterNode node)
    {
        while (true)
        {
            try
            {
                await node.SetAsync("failover", "alive");
                return;
            }
            catch (NodeCallException)
            {
                // No leader within the request timeout: try again, the clock runs on.
            }
        }
    }
}
