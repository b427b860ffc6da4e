using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using RaftKv.Embedded.Tests.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>
/// Nodes without a disk (<see cref="RaftKvDurability.Memory"/>): after each restart, a node is like one whose disk was replaced.
/// </summary>
public sealed class InMemoryDurabilityTests
{
    private const long Budget = 24 * 1024 * 1024;
    private const int LargeValueBytes = 64 * 1024;

    private readonly int[] _ports = FreePorts.Take(3);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_node_without_a_data_directory_serves_and_says_in_status_and_log_that_it_has_no_disk()
    {
        var log = new RecordingLogger();
        await using var node = await TestNode.StartAsConfiguredAsync(o => o.Durability = RaftKvDurability.Memory, log: log);

        await node.Kv.SetAsync("a", "1"u8.ToArray(), cancellationToken: Cancel);

        Assert.True((await node.Kv.GetAsync("a", cancellationToken: Cancel)).Found);
        Assert.Equal(RaftKvDurability.Memory, node.Cluster.Status.Durability);
        Assert.Equal(1, log.Await(143));
        var warning = Assert.Single(log.Lines, l => l.Id == 143);
        Assert.Equal(LogLevel.Warning, warning.Level);
        Assert.Contains("a restart of this node loses its copy", warning.Text, StringComparison.Ordinal);
        Assert.False(Directory.Exists("memory"), "the root of its files is no directory of the machine");
    }

    [Fact]
    public async Task A_killed_node_is_taken_in_again_and_gets_its_data_as_a_snapshot()
    {
        await using var one = await StartAsync(1);
        await using var two = await StartAsync(2);
        await using var three = await StartAsync(3);
        await two.Cluster.WaitUntilReadyAsync(Limit(60));
        for (var i = 0; i < 48; i++)
            await two.Kv.SetAsync($"large/{i % 8}", RandomNumberGenerator.GetBytes(LargeValueBytes), cancellationToken: Cancel);
        await two.Kv.SetAsync("brief", "1"u8.ToArray(), new KvSetOptions { TimeToLive = TimeSpan.FromMinutes(1) }, Cancel);
        Eventually.Holds(() => one.Cluster.Status.FirstIndex > 1 && two.Cluster.Status.FirstIndex > 1, "snapshots have cut the logs");
        var cluster = two.Cluster.Status.ClusterId;

        await three.Inside.DisposeAsync();
        await three.StopAsync();
        await using var again = await StartAsync(3);
        await again.Cluster.WaitUntilReadyAsync(Limit(60));

        Assert.Equal(cluster, again.Cluster.Status.ClusterId);
        Assert.True(again.Cluster.Status.SnapshotIndex > 0);
        Assert.Equal(9, await again.Kv.CountAsync(KvKeyRange.All, cancellationToken: Cancel));
        Eventually.Holds(() => IsVoter(one, "node3"), "it votes again");
        // It counts for a quorum, holds locks and watches changes as before.
        await one.Inside.DisposeAsync();
        await using var held = await again.Coordination.AcquireLockAsync("lock", default, Limit(60));
        var version = (await again.Kv.SetAsync("after", "2"u8.ToArray(), cancellationToken: Limit(60))).Version;
        var from = new KvWatchOptions { FromVersion = version };
        await foreach (var change in again.Kv.WatchAsync(KvKeyRange.Exactly("after"), from, Limit(60)))
        {
            Assert.Equal("after", change.Key);
            break;
        }
    }

    [Fact]
    public async Task Nodes_that_were_restarted_found_no_second_cluster_while_one_that_remembers_the_first_runs()
    {
        await using var one = await StartAsync(1);
        await using var two = await StartAsync(2);
        await using var three = await StartAsync(3);
        await three.Kv.SetAsync("a", "1"u8.ToArray(), cancellationToken: Limit(60));
        await three.Cluster.WaitUntilReadyAsync(Limit(60));
        var first = three.Cluster.Status.ClusterId;

        await Task.WhenAll(one.Inside.DisposeAsync().AsTask(), two.Inside.DisposeAsync().AsTask());
        await Task.WhenAll(one.StopAsync(), two.StopAsync());
        await using var newOne = await StartAsync(1);
        await using var newTwo = await StartAsync(2);
        foreach (var node in (TestNode[])[newOne, newTwo])
            Eventually.Holds(() => node.Cluster.Status.WaitsFor?.Contains($"{first}", StringComparison.Ordinal) == true, "it asks them");

        Assert.Equal((Guid.Empty, Guid.Empty), (newOne.Cluster.Status.ClusterId, newTwo.Cluster.Status.ClusterId));
        Assert.True((await three.Kv.GetAsync("a", KvReadOptions.Stale, Cancel)).Found);
        // Without the last node that remembers it, the cluster is lost, and the nodes bootstrap another one.
        await three.StopAsync();
        await using var newThree = await StartAsync(3);
        await newThree.Cluster.WaitUntilReadyAsync(Limit(60));
        Assert.NotEqual(first, newThree.Cluster.Status.ClusterId);
        Assert.False((await newThree.Kv.GetAsync("a", cancellationToken: Limit(60))).Found);
    }

    [Fact]
    public async Task A_founder_that_was_restarted_is_claimed_by_members_that_its_options_do_not_name()
    {
        await using var one = await StartAsync(1, o => o.AddMembers(_ports[..1]));
        await one.Cluster.WaitUntilReadyAsync(Limit(60));
        await using var two = await StartAsync(2, Join);
        await using var three = await StartAsync(3, Join);
        await three.Kv.SetAsync("a", "1"u8.ToArray(), cancellationToken: Limit(60));
        Eventually.Holds(() => IsVoter(one, "node2") && IsVoter(one, "node3"), "three vote");

        await one.Inside.DisposeAsync();
        await one.StopAsync();
        await using var again = await StartAsync(1, o => o.AddMembers(_ports[..1]));
        await again.Cluster.WaitUntilReadyAsync(Limit(60));

        Assert.Equal(three.Cluster.Status.ClusterId, again.Cluster.Status.ClusterId);
        Assert.True((await again.Kv.GetAsync("a", cancellationToken: Limit(60))).Found);

        void Join(RaftKvOptions o) => o.Seeds.Add(AddressOf(1));
    }

    [Fact]
    public async Task When_the_memory_is_full_writes_are_refused_as_on_a_full_disk_and_deletes_make_room()
    {
        await using var node = await TestNode.StartAsConfiguredAsync(
            o => (o.Durability, o.MemoryBudgetBytes) = (RaftKvDurability.Memory, Budget));
        var written = 0;

        var refusal = await Assert.ThrowsAsync<RaftKvUnavailableException>(async () =>
        {
            for (; written * (long)LargeValueBytes < Budget; written++)
                await node.Kv.SetAsync($"large/{written}", RandomNumberGenerator.GetBytes(LargeValueBytes), cancellationToken: Limit(60));
        });

        Assert.Equal(RaftKvUnavailableReason.NoSpace, refusal.Reason);
        Assert.InRange(written * (long)LargeValueBytes, Budget / 12, Budget / 2);
        Assert.True((await node.Kv.GetAsync("large/0", cancellationToken: Cancel)).Found);
        Assert.Null(node.Cluster.Status.Fault);
        for (var i = 0; i < written; i++)
            await node.Kv.DeleteAsync($"large/{i}", cancellationToken: Limit(60));
        Eventually.Holds(() => !node.Cluster.Status.IsDiskFull, "there is room again", 120);
        await node.Kv.SetAsync("a", "1"u8.ToArray(), cancellationToken: Cancel);
    }

    private static bool IsVoter(TestNode asked, string nodeId) =>
        asked.Cluster.Status.Members.Any(m => m.NodeId == nodeId && m.Role == RaftKvMemberRole.Voter);

    private static CancellationToken Limit(int seconds) =>
        CancellationTokenSource.CreateLinkedTokenSource(Cancel, new CancellationTokenSource(TimeSpan.FromSeconds(seconds)).Token).Token;

    private string AddressOf(int number) => $"127.0.0.1:{_ports[number - 1]}";

    private Task<TestNode> StartAsync(int number, Action<RaftKvOptions>? configure = null) => TestNode.StartAsConfiguredAsync(o =>
    {
        (o.NodeId, o.ListenAddress) = ($"node{number}", AddressOf(number));
        // Longer than the default, so that pauses of a busy machine cause no elections.
        o.ElectionTimeout = TimeSpan.FromMilliseconds(500);
        (o.Durability, o.MemoryBudgetBytes) = (RaftKvDurability.Memory, Budget);
        (o.SnapshotThresholdBytes, o.LogRetentionBytes) = (64 * 1024, 0);
        o.ReplacedDiskTimeout = TimeSpan.FromSeconds(1);
        if (configure is null)
            o.AddMembers(_ports);
        else
            configure(o);
    });
}
