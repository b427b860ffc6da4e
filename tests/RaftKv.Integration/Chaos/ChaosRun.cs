using System.Diagnostics;
using System.Globalization;
using System.Text;
using RaftKv.Integration.Chaos.Faults;
using RaftKv.Integration.Support;
using Xunit;

namespace RaftKv.Integration.Chaos;

/// <summary>
/// Clients check their results while faults of two kinds happen at the same time: of the processes, and of the network between them. The
/// seed decides which faults happen, on which nodes and for how long; their exact times depend on the machine. At the end all faults are
/// healed, and the content of the cluster must be what the clients know.
/// </summary>
public sealed class ChaosRun(ChaosWorld world, int seed)
{
    /// <summary>The time within which a connected majority serves again, on a machine that is busy with other work.</summary>
    private static readonly TimeSpan LongestGap = TimeSpan.FromSeconds(20);

    private readonly SortedDictionary<string, int> counts = new(StringComparer.Ordinal);
    private readonly string[] active = ["", ""];
    private readonly Lock gate = new();

    private static IReadOnlyList<ChaosFault> ProcessFaults { get; } =
    [
        new KillFault(1), new KillFault(1), new KillFault(2), new KillFault(3), new PauseFault(1), new PauseFault(1), new PauseFault(2), new RestartFault(),
        HostFault.BlockedPool(), HostFault.GarbageCollections(), OperatorFault.Transfer(), OperatorFault.Snapshot(), new ClockFault(), new DiskFullFault(),
    ];

    private static IReadOnlyList<ChaosFault> NetworkFaults { get; } = [.. NodeNetworkFault.All(), new FlappingFault(), .. LinkFault.All()];

    /// <summary>Runs faults for this time, heals them, verifies, and returns the figures as text.</summary>
    public async Task<string> RunAsync(TimeSpan length)
    {
        var workload = new ChaosWorkload(world.Cluster);
        await workload.WaitForMoreAsync(50);
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(LaneAsync(0, ProcessFaults, workload, clock, length), LaneAsync(1, NetworkFaults, workload, clock, length));
        var faulty = clock.Elapsed;

        // All faults are over: the cluster must recover by itself.
        await world.CheckNodesAsync();
        await Task.WhenAll(world.Nodes.Select(n => n.WaitUntilReadyAsync()));
        await workload.WaitForMoreAsync(50);
        await workload.StopAsync();
        await workload.VerifyAsync();
        await world.Cluster.SameContentAsync(60);
        await world.CheckNodesAsync();
        return Describe(workload, faulty);
    }

    private async Task LaneAsync(int lane, IReadOnlyList<ChaosFault> all, ChaosWorkload workload, Stopwatch clock, TimeSpan length)
    {
        var random = new Random(seed * 2 + lane);
        var faults = all.Where(f => f.IsPossible(world)).ToArray();
        while (clock.Elapsed < length)
        {
            var fault = faults[random.Next(faults.Length)];
            Begin(lane, fault, workload);
            await fault.RunAsync(world, random);
            End(lane, fault, workload);
            await Task.Delay(random.Next(200, 2_000));
            if (lane == 0)
                await world.CheckNodesAsync();
        }
    }

    private void Begin(int lane, ChaosFault fault, ChaosWorkload workload)
    {
        lock (gate)
        {
            counts[fault.Name] = counts.GetValueOrDefault(fault.Name) + 1;
            active[lane] = fault.Name;
            Note(workload);
        }
    }

    private void End(int lane, ChaosFault fault, ChaosWorkload workload)
    {
        lock (gate)
        {
            active[lane] = "";
            Note(workload);
        }
    }

    private void Note(ChaosWorkload workload) => workload.Disturbances = [.. active.Where(a => a.Length > 0)];

    private string Describe(ChaosWorkload workload, TimeSpan faulty)
    {
        var longest = workload.Gaps.OrderByDescending(g => g.Length).Take(3).ToArray();
        Assert.True(longest.Length > 0 && longest[0].Length < LongestGap, $"No write was acknowledged for {longest[0].Length.TotalSeconds:0.0} s, during '{longest[0].During}'.");
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"seed {seed}, {faulty.TotalSeconds:0} s of faults, {(world.ChaosNetwork.HasNamespaces ? "network namespaces" : "loopback")}: {workload.Operations:N0} operations; {workload.Describe()}");
        text.AppendLine(CultureInfo.InvariantCulture, $"faults: {counts.Values.Sum()}: {string.Join(", ", counts.Select(c => $"{c.Value} {c.Key}"))}");
        text.AppendLine(CultureInfo.InvariantCulture, $"longest write gaps: {string.Join("; ", longest.Select(g => $"{g.Length.TotalSeconds:0.00} s ({(g.During.Length == 0 ? "no fault" : g.During)})"))}");
        text.AppendLine("every register linearizable, no acknowledged write lost, counters exact, the same content on every node");
        foreach (var missing in world.Missing)
            text.AppendLine(CultureInfo.InvariantCulture, $"left out: {missing}");
        return text.ToString();
    }
}
