using System.Diagnostics;
using RaftKv.Embedded;

namespace RaftKv.Integration.Chaos.Faults;

/// <summary>A node's disk is full for a while. The node may be faulted by it; a restart brings it back when there is room again.</summary>
public sealed class DiskFullFault : ChaosFault
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(8);

    public override string Name => "disk full";

    public override bool IsPossible(ChaosWorld world) => world.SmallDisk is not null;

    public override async Task RunAsync(ChaosWorld world, Random random)
    {
        var node = world.SmallDisk!;
        world.MayFault.Add(node.NodeId);
        world.FillDisk();
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < Longest && (await node.StatusAsync()).Role != RaftKvRole.Faulted)
            await Task.Delay(50);
        world.EmptyDisk();
        await node.KillAsync();
        await node.StartAsync();
        world.MayFault.Remove(node.NodeId);
    }
}
