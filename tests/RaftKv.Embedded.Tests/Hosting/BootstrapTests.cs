using Microsoft.Extensions.Logging;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Tests.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>Which nodes bootstrap a cluster, and what the others report while they wait.</summary>
public sealed class BootstrapTests : IDisposable
{
    private const int BootstrapFinished = 102;
    private const int Waits = 103;
    private const int Mistake = 107;
    private const int BootstrappedAlone = 108;

    private readonly TestFolder _folder = new();
    private readonly int[] _ports = FreePorts.Take(3);
    private readonly RecordingLogger _log = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task A_node_that_peers_can_reach_and_that_names_none_waits_and_says_so_instead_of_founding_a_second_store(bool listens, bool advertises)
    {
        await using var node = await StartAsync(1, o =>
        {
            if (!listens)
                o.ListenAddress = new RaftKvOptions().ListenAddress;
            if (advertises)
                o.AdvertiseAddress = $"127.0.0.1:{_ports[0]}";
        });

        var write = await Assert.ThrowsAsync<RaftKvUnavailableException>(async () => await node.Kv.SetAsync("a", "1"u8.ToArray(), cancellationToken: Cancel));
        var add = await Assert.ThrowsAsync<RaftKvUnavailableException>(() => node.Cluster.AddMemberAsync("node2", $"127.0.0.1:{_ports[1]}", Cancel));

        Assert.Equal((RaftKvUnavailableReason.NotFormed, RaftKvUnavailableReason.NotFormed), (write.Reason, add.Reason));
        Assert.Contains("set Seeds to addresses of the cluster", write.Message, StringComparison.Ordinal);
        var status = node.Cluster.Status;
        Assert.Equal((RaftKvRole.Unformed, false, Guid.Empty), (status.Role, status.IsReady, status.ClusterId));
        Assert.Contains("Bootstrap to SingleNode", status.WaitsFor, StringComparison.Ordinal);
        Assert.NotEqual(0, _log.Await(Mistake));
        Assert.Equal(0, _log.Count(BootstrapFinished));
    }

    [Fact]
    public async Task A_single_node_founds_its_cluster_when_its_options_say_so_and_warns_that_it_is_alone()
    {
        await using var node = await StartAsync(1, o => o.Bootstrap = RaftKvBootstrap.SingleNode);
        Assert.True(node.Cluster.Status.IsReady);
        Assert.Null(node.Cluster.Status.WaitsFor);
        Assert.Equal(0, _log.Count(BootstrappedAlone));

        await node.Kv.SetAsync("a", "1"u8.ToArray(), cancellationToken: Cancel);

        Assert.Equal((1, 1), (_log.Await(BootstrapFinished), _log.Await(BootstrappedAlone)));
        Assert.Contains(_log.Lines, l => l.Id == BootstrappedAlone && l.Level == LogLevel.Warning && l.Text.Contains($"{node.Cluster.Status.ClusterId}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_node_without_any_address_of_its_own_founds_its_cluster_with_its_first_write_and_warns()
    {
        await using var node = await TestNode.StartAsConfiguredAsync(o => o.DataDirectory = _folder.Sub("alone"), log: _log);

        Assert.True((await node.Kv.SetAsync("a", "1"u8.ToArray(), cancellationToken: Cancel)).Applied);

        Assert.Equal((1, 1), (_log.Await(BootstrapFinished), _log.Await(BootstrappedAlone)));
    }

    [Fact]
    public async Task The_only_initial_member_founds_its_cluster_by_itself_and_warns()
    {
        await using var node = await StartAsync(1, o => o.InitialMembers.Add(new() { NodeId = "node1", Address = o.ListenAddress }));

        await node.Cluster.WaitUntilReadyAsync(Cancel);

        Assert.Equal((1, 1), (_log.Await(BootstrapFinished), _log.Await(BootstrappedAlone)));
    }

    [Fact]
    public async Task A_node_that_waits_may_be_added_and_then_waits_for_nothing()
    {
        await using var node = await StartAsync(1, o => o.Bootstrap = RaftKvBootstrap.SingleNode);
        await using var second = await StartAsync(2, o => o.Bootstrap = RaftKvBootstrap.Never);
        Eventually.Holds(() => second.Cluster.Status.WaitsFor is not null, "it says what it waits for", 60);

        await node.Cluster.AddMemberAsync("node2", $"127.0.0.1:{_ports[1]}", Cancel);
        await second.Cluster.WaitUntilReadyAsync(Cancel);

        Assert.Equal(node.Cluster.Status.ClusterId, second.Cluster.Status.ClusterId);
        Eventually.Holds(() => second.Cluster.Status.WaitsFor is null, "it waits for nothing", 60);
        // Waiting is no mistake when Bootstrap is Never.
        Assert.Equal(0, _log.Count(Mistake));
        Assert.NotEqual(0, _log.Await(Waits));
    }

    [Fact]
    public async Task Initial_members_that_wait_for_another_one_say_so_and_one_that_may_never_found_does_not()
    {
        await using var two = await StartAsync(2, o => o.AddMembers(_ports[..2]));
        Eventually.Holds(() => two.Cluster.Status.WaitsFor?.Contains("node1", StringComparison.Ordinal) == true, "it names the one that is missing", 60);

        await using (var never = await StartAsync(1, o =>
        {
            o.AddMembers(_ports[..2]);
            o.Bootstrap = RaftKvBootstrap.Never;
        }))
        {
            Eventually.Holds(() => never.Cluster.Status.WaitsFor is not null, "it waits", 60);
            await Task.Delay(200, Cancel);
            Assert.Equal(Guid.Empty, never.Cluster.Status.ClusterId);
        }

        await using var one = await StartAsync(1, o => o.AddMembers(_ports[..2]));
        await two.Cluster.WaitUntilReadyAsync(Cancel);
        Assert.Null(two.Cluster.Status.WaitsFor);
    }

    [Fact]
    public void What_a_node_waits_for_is_logged_at_once_and_then_every_ten_seconds()
    {
        var time = new ManualTime();
        var report = new BootstrapReport("node1", new ReplicaClock(time), _log);

        for (var second = 0; second < 25; second++)
        {
            report.Wait("node2 cannot be reached.", isMistake: false);
            if (second == 4)
                report.Wait("node3 has another list.", isMistake: true);
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal((3, 1), (_log.Await(Waits, 3), _log.Await(Mistake)));
        Assert.Equal("node2 cannot be reached.", report.WaitsFor);
        report.Clear();
        Assert.Null(report.WaitsFor);
    }

    [Fact]
    public async Task A_node_that_has_seeds_and_is_no_initial_member_joins_their_cluster()
    {
        // All nodes have the same list and the same seeds, as from the same environment variables.
        async Task<TestNode> StartWithAllAsync(int number) => await StartAsync(number, o =>
        {
            o.AddMembers(_ports[..2]);
            o.Seeds.Add($"127.0.0.1:{_ports[0]}");
            o.Seeds.Add($"127.0.0.1:{_ports[1]}");
        });
        await using var third = await StartWithAllAsync(3);
        Eventually.Holds(() => third.Cluster.Status.WaitsFor is not null, "it waits for the cluster", 60);
        await using var one = await StartWithAllAsync(1);
        await using var two = await StartWithAllAsync(2);

        await one.Cluster.WaitUntilReadyAsync(Cancel);
        await third.Cluster.WaitUntilReadyAsync(Cancel);

        Assert.Equal(one.Cluster.Status.ClusterId, third.Cluster.Status.ClusterId);
        Assert.Equal(1, _log.Await(BootstrapFinished));
    }

    private Task<TestNode> StartAsync(int number, Action<RaftKvOptions> more) => TestNode.StartAsConfiguredAsync(o =>
    {
        o.Be(number, _ports, _folder);
        o.RequestTimeout = TimeSpan.FromMilliseconds(500);
        more(o);
    }, log: _log);
}
