using System.Diagnostics;
using RaftKv.TestNode.Driver;
using RaftKv.TestNode.Protocol;

namespace RaftKv.Benchmarks;

/// <summary>
/// The time from the failure of the leader until a write that began afterwards on one of the other nodes is acknowledged. The leader fails
/// by kill -9, or silently: its process is suspended, its sockets stay open, and no connection reports an error.
/// </summary>
internal static class FailoverBenchmark
{
    public static async Task RunAsync(Arguments arguments)
    {
        var kill = arguments.How switch
        {
            "kill" => true,
            "silent" => false,
            var how => throw new ArgumentException($"'{how}' is no way for a leader to go. The ways are kill and silent."),
        };
        await using var cluster = await TestCluster.FormAsync(arguments.Nodes, program: _ => ClusterBenchmark.NodeProgram);
        var times = new List<double>();
        for (var round = 0; round < arguments.RoundsOr(20); round++)
        {
            var leader = await cluster.LeaderAsync();
            await leader.LoadAsync(new LoadRequest { Callers = 4, Seconds = 0.5, Keys = 1_000 });
            leader = await cluster.LeaderAsync();
            times.Add(await TakeAwayAsync(leader, kill, [.. cluster.Nodes.Where(n => n != leader)]));
            if (kill)
                await leader.StartAsync();
            else
                leader.Continue();
            await leader.WaitUntilReadyAsync();
        }
        ResultLine.OfTimes(kill ? "failover" : "failover_silent", times,
            $"{(kill ? "kill -9" : "SIGSTOP")} of the leader until the next successful write, {arguments.Nodes} processes, default options").Print();
    }

    private static async Task<double> TakeAwayAsync(ClusterNode leader, bool kill, ClusterNode[] survivors)
    {
        var gone = Stopwatch.GetTimestamp();
        if (kill)
            await leader.KillAsync();
        else
            leader.Pause();
        await await Task.WhenAny(survivors.Select(FirstWriteAsync));
        return Stopwatch.GetElapsedTime(gone).TotalMilliseconds;
    }

    /// <summary>Tries until one write is acknowledged. The node itself waits for a leader inside each attempt.</summary>
    public static async Task FirstWriteAsync(ClusterNode node)
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
