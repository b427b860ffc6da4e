using System.Diagnostics;
using RaftKv.TestNode.Driver;
using RaftKv.TestNode.Protocol;

namespace RaftKv.Benchmarks;

/// <summary>
/// Many keys that expire at the same moment: the time until all of them are deleted, and the latency of writes meanwhile.
/// </summary>
internal static class ExpiryBenchmark
{
    private const double FillSeconds = 30;

    public static async Task RunAsync(Arguments arguments)
    {
        await using var cluster = await TestCluster.FormAsync(arguments.Nodes, program: _ => ClusterBenchmark.NodeProgram);
        var leader = await cluster.LeaderAsync();
        var writes = new LoadRequest { Callers = arguments.Callers[0], Keys = 1_000, ValueBytes = arguments.ValueBytes, Seconds = 5 };
        await leader.LoadAsync(writes);

        var end = DateTimeOffset.UtcNow.AddSeconds(FillSeconds);
        var filled = Stopwatch.StartNew();
        await leader.LoadAsync(writes with { Count = arguments.Keys, Keys = arguments.Keys, Callers = 256, KeyPrefix = 'e', ExpiresAt = end });
        if (filled.Elapsed.TotalSeconds > FillSeconds - 8)
            throw new InvalidOperationException($"The keys took {filled.Elapsed.TotalSeconds:0} s to write, so the first may be gone already. Use fewer.");
        Print("put, nothing expires", await leader.LoadAsync(writes), arguments);

        var wait = end - DateTimeOffset.UtcNow - TimeSpan.FromSeconds(0.2);
        await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
        var during = leader.LoadAsync(writes);
        await cluster.WaitAsync("end of the keys", async () => (await leader.StatusAsync()).KeyCount <= writes.Keys, seconds: 120);
        var gone = DateTimeOffset.UtcNow - end;
        Print($"put, {arguments.Keys} keys expire", await during, arguments);
        new ResultLine
        {
            Op = "expire",
            Clients = 0,
            OpsPerS = Math.Round(arguments.Keys / gone.TotalSeconds),
            Durable = true,
            From = "leader",
            Note = $"{arguments.Keys} keys that end at the same moment, from that moment until the last is gone on the leader, with {writes.Callers} callers writing beside it",
            Ms = [Math.Round(gone.TotalMilliseconds)],
        }.Print();
    }

    private static void Print(string what, LoadReport report, Arguments arguments) => new ResultLine
    {
        Op = what,
        Clients = arguments.Callers[0],
        OpsPerS = Math.Round(report.Operations / report.Seconds),
        P50Us = report.P50Us,
        P99Us = report.P99Us,
        Durable = true,
        From = "leader",
        Note = $"slowest {report.MaxUs / 1_000:0} ms",
        Errors = report.Errors,
    }.Print();
}
