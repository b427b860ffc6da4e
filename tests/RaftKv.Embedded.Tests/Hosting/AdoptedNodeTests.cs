using RaftKv.Embedded.Node;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Tests.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>
/// Nodes that a cluster has adopted but no committed configuration contains, because their entry was replaced or lost with its leader.
/// </summary>
public sealed class AdoptedNodeTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly int[] _ports = FreePorts.Take(4);
    private readonly RecordingLogger _log = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_new_node_whose_entry_was_replaced_asks_its_seeds_again()
    {
        await using var one = await StartAsync(1, o => o.Bootstrap = RaftKvBootstrap.SingleNode);
        await one.Kv.SetAsync("a", "1"u8.ToArray(), cancellationToken: Cancel);
        await AdoptAsync(2, one.Cluster.Status.ClusterId);

        await using var two = await StartAsync(2, o => o.Seeds.Add(AddressOf(1)));
        await two.Cluster.WaitUntilReadyAsync(Limit(60));

        Assert.True((await two.Kv.GetAsync("a", cancellationToken: Cancel)).Found);
        Eventually.Holds(() => !File.Exists(Path.Combine(_folder.Sub("node2"), DirectoryMarkers.Joining)),
            "it asks no more, also after a restart", 60);
    }

    [Fact]
    public async Task A_new_node_whose_entry_was_replaced_may_be_added_again()
    {
        await using var one = await StartAsync(1, o => o.Bootstrap = RaftKvBootstrap.SingleNode);
        await one.Kv.SetAsync("a", "1"u8.ToArray(), cancellationToken: Cancel);
        await AdoptAsync(2, one.Cluster.Status.ClusterId);

        await using var two = await StartAsync(2, o => o.Bootstrap = RaftKvBootstrap.Never);
        Eventually.Holds(() => two.Cluster.Status.WaitsFor?.Contains("add this node again", StringComparison.Ordinal) == true, "it says what to do", 60);
        await one.Cluster.AddMemberAsync("node2", AddressOf(2), Limit(60));

        await two.Cluster.WaitUntilReadyAsync(Limit(60));
        Assert.Null(two.Cluster.Status.WaitsFor);
    }

    [Fact]
    public async Task A_voter_with_a_new_disk_whose_entry_was_replaced_is_no_member_already()
    {
        await using var one = await StartAsync(1, o => o.Bootstrap = RaftKvBootstrap.SingleNode);
        await using var two = await StartAsync(2, o => o.Bootstrap = RaftKvBootstrap.Never);
        await using (var three = await StartAsync(3, o => o.Bootstrap = RaftKvBootstrap.Never))
        {
            await one.Cluster.AddMemberAsync("node2", AddressOf(2), Cancel);
            await one.Cluster.AddMemberAsync("node3", AddressOf(3), Cancel);
        }
        Directory.Delete(_folder.Sub("node3"), recursive: true);
        await AdoptAsync(3, one.Cluster.Status.ClusterId);

        await using var again = await StartAsync(3, o => o.Bootstrap = RaftKvBootstrap.Never);
        // The call is refused until the former disk has been silent for long. It must not succeed because node3 is a member already.
        while (true)
        {
            try
            {
                await one.Cluster.AddMemberAsync("node3", AddressOf(3), Limit(120));
                break;
            }
            catch (RaftKvMembershipException e) when (e.Error is RaftKvMembershipError.MemberExists or RaftKvMembershipError.ChangeInProgress)
            {
                await Task.Delay(200, Limit(120));
            }
        }

        await again.Cluster.WaitUntilReadyAsync(Limit(120));
        Assert.Equal(one.Cluster.Status.ClusterId, again.Cluster.Status.ClusterId);
    }

    [Fact]
    public async Task A_node_that_was_adopted_by_a_founder_whose_disk_is_lost_blocks_no_new_founding()
    {
        var lost = Guid.NewGuid();
        await AdoptAsync(2, lost);

        await using var one = await StartAsync(1, o => o.AddMembers(_ports[..3]));
        await using var two = await StartAsync(2, o => o.AddMembers(_ports[..3]));
        await using var three = await StartAsync(3, o => o.AddMembers(_ports[..3]));
        foreach (var node in (TestNode[])[one, two, three])
            await node.Cluster.WaitUntilReadyAsync(Limit(120));

        Assert.NotEqual(lost, two.Cluster.Status.ClusterId);
        Assert.Single(((TestNode[])[one, two, three]).Select(n => n.Cluster.Status.ClusterId).Distinct());
        Assert.Equal(3, two.Cluster.Status.Members.Count(m => m.Role == RaftKvMemberRole.Voter));
        Assert.Equal(1, _log.Await(136));
    }

    [Fact]
    public async Task A_node_that_was_adopted_keeps_the_cluster_while_any_other_member_is_away()
    {
        var lost = Guid.NewGuid();
        await AdoptAsync(2, lost);

        await using var two = await StartAsync(2, o => o.AddMembers(_ports[..3]));
        await using var three = await StartAsync(3, o => o.AddMembers(_ports[..3]));
        Eventually.Holds(() => two.Cluster.Status.WaitsFor is not null && three.Cluster.Status.WaitsFor is not null, "both say that they wait", 60);
        // Longer than it would take if all members answered.
        await Task.Delay(AbandonedCluster.Timeout + TimeSpan.FromSeconds(1), Cancel);

        Assert.Equal(lost, two.Cluster.Status.ClusterId);
        Assert.Equal(0, _log.Count(136));
    }

    /// <summary>Creates the data directory of a node that a cluster has just adopted and has sent nothing to.</summary>
    private async Task AdoptAsync(int number, Guid cluster)
    {
        await using (await StartAsync(number, o => o.Bootstrap = RaftKvBootstrap.Never))
        {
        }
        LocalIdentity.Open(new OsFileSystem(), _folder.Sub($"node{number}"), $"node{number}").Join(cluster);
    }

    private static CancellationToken Limit(int seconds)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        source.CancelAfter(TimeSpan.FromSeconds(seconds));
        return source.Token;
    }

    private string AddressOf(int number) => $"127.0.0.1:{_ports[number - 1]}";

    private Task<TestNode> StartAsync(int number, Action<RaftKvOptions> more) => TestNode.StartAsConfiguredAsync(o =>
    {
        o.Be(number, _ports, _folder);
        more(o);
    }, log: _log);
}
