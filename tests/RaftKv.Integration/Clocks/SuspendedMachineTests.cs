using System.Diagnostics;
using RaftKv.Embedded;
using RaftKv.Integration.Support;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Integration.Clocks;

/// <summary>Machines that are suspended and resumed (laptops, paused virtual machines): a leader has no read lease afterwards.</summary>
public sealed class SuspendedMachineTests : IntegrationTest
{
    [Fact]
    public async Task A_leader_whose_machine_was_suspended_has_no_read_lease_when_it_runs_again()
    {
        using var network = SlowNetwork.Open("node1", "node2", "node3");
        using var clocks = NodeClocks.Open();
        var cluster = Track(await TestCluster.FormAsync(
            3,
            options =>
            {
                Steady(options);
                network.Configure(options);
            },
            nodeId => NodeProgram.TestNode with { Launcher = network.LauncherOf(nodeId), Environment = clocks.EnvironmentOf(nodeId) }));
        var leader = await cluster.LeaderAsync();
        var others = cluster.Nodes.Where(n => n != leader).ToArray();
        await leader.SetAsync("key", "old");
        Assert.Equal("old", await leader.GetTextAsync("key", KvConsistency.LeaderLease));

        var suspended = Stopwatch.StartNew();
        leader.Pause();
        network.Cut(leader.NodeId);
        await cluster.WaitAsync("another leader", async () => (await others[0].StatusAsync()).LeaderId is { } id && id != leader.NodeId);
        await others[0].SetAsync("key", "new");
        clocks.Suspend(leader.NodeId, suspended.Elapsed);
        leader.Continue();

        var refused = await Assert.ThrowsAsync<NodeCallException>(() => leader.GetTextAsync("key", KvConsistency.LeaderLease));
        Assert.Equal(nameof(RaftKvUnavailableException), refused.Error.Type);
        network.Restore(leader.NodeId);
        await cluster.WaitAsync("new value on the node that led", async () => await leader.GetTextAsync("key") == "new");
    }
}
