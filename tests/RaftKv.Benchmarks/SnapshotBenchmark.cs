using System.Diagnostics;
using RaftKv.TestNode.Driver;
using RaftKv.TestNode.Protocol;

namespace RaftKv.Benchmarks;

/// <summary>
/// New nodes that need a large snapshot. The first joins without other load, and is compared with a plain copy of the same bytes. The
/// second joins while 64 callers write, and is killed half-way: measured are the latency of the writers, the memory of the sender, and
/// where the transfer resumes.
/// </summary>
internal sealed class SnapshotBenchmark(Arguments arguments)
{
    private const int ValueBytes = 4_096;
    private const int CopyBytes = 1024 * 1024;
    private const double WindowSeconds = 10;

    public async Task RunAsync()
    {
        var keys = (int)(arguments.Megabytes * 1024L * 1024 / ValueBytes);
        await using var cluster = await TestCluster.FormAsync(arguments.Nodes, options =>
        {
            options.MemoryBudgetBytes = arguments.BudgetMegabytes * 1024L * 1024;
            options.ExpectedKeys = keys;
        }, _ => ClusterBenchmark.NodeProgram);
        var leader = await cluster.LeaderAsync();
        await leader.LoadAsync(new LoadRequest { Count = keys, Keys = keys, ValueBytes = ValueBytes, Callers = 256 });
        await leader.TakeSnapshotAsync();
        // One more write, so that the log before the snapshot is truncated: as long as the log is there, new nodes do not need the
        // snapshot.
        await leader.LoadAsync(new LoadRequest { Count = 1, Keys = 1, ValueBytes = ValueBytes });

        await JoinUndisturbedAsync(cluster, leader);
        await JoinUnderLoadAsync(cluster, leader);
    }

    private static async Task JoinUndisturbedAsync(TestCluster cluster, ClusterNode leader)
    {
        var copyMs = Copy(NewestOf(leader), Path.Combine(cluster.Root, "copy"));
        var node = cluster.AddNode();
        var join = await Join.BeginAsync(cluster, leader, node);
        await join.InstalledAsync();
        join.Print("join, nothing else", new { CopyMs = copyMs, CopyToJoin = Math.Round(copyMs / join.TotalMs, 2) });
        await join.LeaveAsync();
    }

    private async Task JoinUnderLoadAsync(TestCluster cluster, ClusterNode leader)
    {
        await leader.ChurnAsync(new ChurnRequest { Callers = 64, Rate = arguments.RateOr(int.MaxValue), Keys = 10_000, ValueBytes = 100, DeletePercent = 0, ExpiringPercent = 0 });
        await Task.Delay(TimeSpan.FromSeconds(WindowSeconds / 2));
        await leader.ChurnWindowAsync();
        await Task.Delay(TimeSpan.FromSeconds(WindowSeconds));
        var before = await leader.ChurnWindowAsync();

        var node = cluster.AddNode();
        var join = await Join.BeginAsync(cluster, leader, node);
        await join.ReceivedAsync(fraction: 0.5);
        await join.KillAsync();
        var killedAt = join.ReceivedBytes;
        await node.StartAsync();
        var resumedAt = join.ReceivedBytes;
        await join.InstalledAsync();
        var during = await leader.StopChurnAsync();

        double PerSecond(ChurnWindow window) => Math.Round(window.Writes / window.Seconds);
        join.Print("join under load, killed half-way", new
        {
            KilledAtBytes = killedAt,
            ResumedAtBytes = resumedAt,
            LeastBytesAfter = join.LeastBytes,
            WritesPerSBefore = PerSecond(before),
            WritesPerSDuring = PerSecond(during),
            Kept = Math.Round(PerSecond(during) / PerSecond(before), 2),
            P99MsBefore = before.P99Ms,
            P99MsDuring = during.P99Ms,
            during.LongestGapMs,
            Errors = during.Errors.Values.Sum(),
        });
    }

    private static string NewestOf(ClusterNode node) => Directory.GetFiles(Path.Combine(node.Options.DataDirectory, "snapshots"), "*.snap").Max(StringComparer.Ordinal)!;

    /// <summary>
    /// Copies the file with a sync, which is the least that the installation of a snapshot has to do. Returns the time in milliseconds.
    /// </summary>
    private static double Copy(string from, string to)
    {
        var clock = Stopwatch.StartNew();
        using (var source = File.OpenHandle(from))
        using (var target = new FileStream(to, FileMode.Create))
        {
            var buffer = new byte[CopyBytes];
            for (var offset = 0L; RandomAccess.Read(source, buffer, offset) is > 0 and var count; offset += count)
                target.Write(buffer, 0, count);
            target.Flush(flushToDisk: true);
        }
        File.Delete(to);
        return Math.Round(clock.Elapsed.TotalMilliseconds);
    }
}
