using System.Diagnostics;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Tests.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>
/// Mistakes in the configuration of nodes that start for the first time: a node that waits because of one names it, and bootstraps no
/// cluster.
/// </summary>
public sealed class BootstrapMistakeTests : IDisposable
{
    private const int CannotBootstrap = 107;
    private const int ProbeFailed = 112;
    private const int JoinRequestReceived = 113;
    private const int DiskReplaced = 114;
    private const int JoinRequestRefused = 115;

    private readonly TestFolder _folder = new();
    private readonly int[] _ports = FreePorts.Take(4);
    private readonly RecordingLogger _log = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Lists_that_differ_in_the_smallest_name_found_no_cluster_and_every_node_says_so()
    {
        await using var one = await StartAsync(1, o => o.AddMembers(_ports[..3]));
        // By its own list, node2 would bootstrap a cluster with node3.
        await using var two = await StartAsync(2, o =>
        {
            o.InitialMembers.Add(new() { NodeId = "node2", Address = AddressOf(2) });
            o.InitialMembers.Add(new() { NodeId = "node3", Address = AddressOf(3) });
        });
        await using var three = await StartAsync(3, o => o.AddMembers(_ports[..3]));

        foreach (var node in (TestNode[])[one, two, three])
            Says(node, "has other InitialMembers than this node");
        Assert.All((TestNode[])[one, two, three], node => Assert.Equal(Guid.Empty, node.Cluster.Status.ClusterId));
        Assert.Equal(0, _log.Count(102));
    }

    [Fact]
    public async Task An_initial_member_without_a_list_of_its_own_is_told_to_need_one()
    {
        await using var one = await StartAsync(1, o => o.AddMembers(_ports[..2]));
        await using var two = await StartAsync(2, o => o.Bootstrap = RaftKvBootstrap.Never);

        Says(one, $"node2 at {AddressOf(2)} has no InitialMembers");
        Assert.Equal(0, _log.Count(102));
    }

    [Fact]
    public async Task A_node_that_listens_at_the_address_of_another_name_says_so_and_so_do_the_others()
    {
        await using var one = await StartAsync(1, o => o.AddMembers(_ports[..3]));
        await using var wrong = await StartAsync(3, o =>
        {
            o.AddMembers(_ports[..3]);
            o.ListenAddress = AddressOf(2);
        });

        Says(wrong, $"InitialMembers gives the address {AddressOf(2)} to node2, and this node, node3, answers there");
        Says(one, $"At {AddressOf(2)}, the address of node2 in InitialMembers, a node named node3 answers");
    }

    [Fact]
    public async Task A_node_with_the_name_of_its_seed_says_so()
    {
        await using var seed = await StartAsync(1, o => o.Bootstrap = RaftKvBootstrap.SingleNode);
        await seed.Kv.SetAsync("a", "1"u8.ToArray(), cancellationToken: Cancel);
        await using var twin = await StartAsync(2, o => (o.NodeId, o.Bootstrap) = ("node1", RaftKvBootstrap.Never), seeds: [1]);

        Says(twin, $"Another node, at {AddressOf(1)}, has the NodeId of this node, node1");
    }

    [Fact]
    public async Task A_second_node_of_one_name_is_told_why_it_is_not_taken_in_and_fills_no_log()
    {
        await using var one = await StartAsync(1, o => o.Bootstrap = RaftKvBootstrap.SingleNode);
        await using var two = await StartAsync(2, o => o.Bootstrap = RaftKvBootstrap.SingleNode);
        await one.Cluster.AddMemberAsync("node2", AddressOf(2), Cancel);
        await using var twin = await StartAsync(3, o => o.NodeId = "node2", seeds: [1]);

        Says(twin, "does not admit it for now");
        Says(twin, "If two nodes have the NodeId node2, give each its own.");
        // The node keeps asking. The number of log lines depends on the time, and not on the number of requests.
        await Task.Delay(2000, Cancel);
        var lines = _log.Lines.Where(l => l.Id is DiskReplaced or JoinRequestRefused).GroupBy(l => l.Text);
        Assert.All(lines, same => Assert.InRange(same.Count(), 1, 2));
        Assert.Equal(Guid.Empty, twin.Cluster.Status.ClusterId);
    }

    [Fact]
    public async Task A_refusal_whose_text_counts_the_time_fills_no_log()
    {
        await using var cluster = await TestNodes.StartAsync(number => StartAsync(number, o =>
        {
            o.AddMembers(_ports[..3]);
            o.ReplacedDiskTimeout = TimeSpan.FromMinutes(10);
        }), Cancel);
        await cluster.All[1].StopAsync();
        var clock = Stopwatch.StartNew();
        await using var twin = await StartAsync(4, o => o.NodeId = "node2", seeds: [1]);
        var reasons = new HashSet<string?>();
        Eventually.Holds(() =>
        {
            var reason = twin.Cluster.Status.WaitsFor;
            return reason?.Contains("has been silent for", StringComparison.Ordinal) == true && reasons.Add(reason) && reasons.Count == 4;
        }, "the refusal counts the time", 60);

        var most = 1 + (int)(clock.Elapsed.TotalSeconds / 10);
        foreach (var id in (int[])[CannotBootstrap, DiskReplaced, JoinRequestRefused])
            Assert.True(_log.Count(id) <= most, $"{id} was logged {_log.Count(id)} times");
    }

    [Fact]
    public async Task A_new_node_that_asks_on_fills_no_log_without_a_leader_nor_when_it_cannot_be_reached()
    {
        await using var one = await StartAsync(1, o => o.AddMembers(_ports[..2]));
        await using (var two = await StartAsync(2, o => o.AddMembers(_ports[..2])))
            await one.Cluster.WaitUntilReadyAsync(Cancel);
        Eventually.Holds(() => one.Cluster.Status.LeaderId is null, "the quorum is lost", 60);
        var clock = Stopwatch.StartNew();
        await AskAsync(one, JoinRequestReceived);
        Assert.True(_log.Count(JoinRequestReceived) <= 1 + (int)(clock.Elapsed.TotalSeconds / 10), $"it was logged {_log.Count(JoinRequestReceived)} times");

        await using var back = await StartAsync(2, o => o.AddMembers(_ports[..2]));
        await one.Cluster.WaitUntilReadyAsync(Cancel);
        clock.Restart();
        await AskAsync(one, ProbeFailed);
        // Each of the two nodes logs it, if the leadership moves.
        Assert.True(_log.Count(ProbeFailed) <= 2 + (2 * (int)(clock.Elapsed.TotalSeconds / 10)), $"it was logged {_log.Count(ProbeFailed)} times");
    }

    /// <summary>Sends the join requests of a node that is not admitted, with an address at which no node listens.</summary>
    private async Task AskAsync(TestNode member, int id)
    {
        var incarnation = Guid.NewGuid();
        for (var i = 0; i < 30 || _log.Count(id) == 0; i++)
        {
            member.Inside.Post(new JoinRequested("node4", incarnation, AddressOf(4), leadersConcern: false));
            await Task.Delay(100, Cancel);
        }
    }

    [Fact]
    public void A_digest_depends_on_names_and_addresses_and_not_on_their_order()
    {
        var digests = new[] { Digest(("a", "h:1"), ("b", "h:2")), Digest(("a", "h:1"), ("b", "h:3")), Digest(("a", "h:1"), ("c", "h:2")), Digest(("a", "h:1")), Digest() };

        Assert.Equal(digests.Length, digests.Distinct().Count());
        Assert.Equal(digests[0], Digest(("b", "H:2"), ("a", "h:1")));
        Assert.Equal(0UL, digests[^1]);
    }

    private static ulong Digest(params (string NodeId, string Address)[] members)
    {
        var options = new RaftKvOptions();
        foreach (var (nodeId, address) in members)
            options.InitialMembers.Add(new RaftKvMember { NodeId = nodeId, Address = address });
        return InitialMembersDigest.Of(options);
    }

    private static void Says(TestNode node, string what) =>
        Eventually.Holds(() => node.Cluster.Status.WaitsFor?.Contains(what, StringComparison.Ordinal) == true, $"'{what}'; it says '{node.Cluster.Status.WaitsFor}'", 60);

    private string AddressOf(int number) => $"127.0.0.1:{_ports[number - 1]}";

    private Task<TestNode> StartAsync(int number, Action<RaftKvOptions> more, int[]? seeds = null) => TestNode.StartAsConfiguredAsync(o =>
    {
        o.Be(number, _ports, _folder);
        foreach (var seed in seeds ?? [])
            o.Seeds.Add(AddressOf(seed));
        more(o);
    }, log: _log);
}
