using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Tests.Consensus.Model;
using Xunit;

namespace RaftKv.Embedded.Tests.Consensus;

/// <summary>
/// A follower that is far behind catches up about as fast as its link allows, and is sent hardly more bytes than it needs.
/// </summary>
public sealed class SlowLinkTests
{
    private const double MostTime = 1.3;
    private const double MostBytes = 1.2;

    public static TheoryData<double, double> Links() => new()
    {
        { 0.5, 1 }, { 2, 1 }, { 4, 1 }, { 16, 1 }, { 0.5, 50 }, { 4, 50 }, { 16, 50 }, { 16, 150 },
    };

    [Theory]
    [MemberData(nameof(Links))]
    public void Log_catch_up_takes_what_the_link_needs(double megabytesPerSecond, double latencyMs)
    {
        var bytes = (long)(megabytesPerSecond * 20_000_000);
        var world = new SlowLinkWorld(megabytesPerSecond * 1_000_000, latencyMs, (int)(bytes / 10_000), entryBytes: 10_000, snapshotBytes: 0);
        Check(world, megabytesPerSecond, bytes);
    }

    [Theory]
    [MemberData(nameof(Links))]
    public void A_snapshot_takes_what_the_link_needs(double megabytesPerSecond, double latencyMs)
    {
        var bytes = (long)(megabytesPerSecond * 20_000_000);
        var world = new SlowLinkWorld(megabytesPerSecond * 1_000_000, latencyMs, entries: 10, entryBytes: 10, snapshotBytes: bytes);
        Check(world, megabytesPerSecond, bytes);
    }

    [Fact]
    public void Pieces_of_a_snapshot_that_wait_for_the_disk_are_bounded()
    {
        var world = new SlowLinkWorld(100_000_000, latencyMs: 1, entries: 10, entryBytes: 10, snapshotBytes: 64_000_000);
        var follower = world["C"];
        follower.SnapshotThreadBusyUntil = world.Now.Ticks + TimeSpan.FromSeconds(60).Ticks;
        Assert.NotNull(world.Until(() => follower.Core.SnapshotIndex > 0, TimeSpan.FromSeconds(90)));
        Assert.InRange(follower.MostWaitingBytes, 1, 9L * 1024 * 1024);
        Assert.InRange(world.SentBytes - world.BytesAtStart, 64_000_000, 64_000_000 * MostBytes);
    }

    [Fact]
    public void The_answer_to_a_question_about_the_read_index_is_a_contact_like_any_other()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Elect("node1");
        var deadline = cluster.Core("node2").Deadline;
        cluster.Wait(200);
        cluster.Read("node2");
        cluster.Deliver("node2", "node1");
        cluster.Deliver("node1", "node3");
        cluster.Deliver("node3", "node1");
        cluster.Drop("node1", "node2");
        cluster.Hand("node1", "node2", new ReadIndexReply(cluster.Core("node2").Term, long.MaxValue, 1));
        Assert.True(cluster.Core("node2").Deadline > deadline);
        // A reply without an index comes from a node that no longer leads.
        deadline = cluster.Core("node2").Deadline;
        cluster.Wait(10);
        cluster.Hand("node1", "node2", new ReadIndexReply(cluster.Core("node2").Term, long.MaxValue, -1));
        Assert.Equal(deadline, cluster.Core("node2").Deadline);
    }

    [Fact]
    public void The_log_that_a_slow_follower_still_needs_is_kept_up_to_the_limit()
    {
        var cluster = LeaderWithFollowerBehind();
        cluster.Snapshot("node1", keep: 0);
        Assert.True(cluster.Core("node1").FirstIndex <= cluster.Core("node3").LastIndex + 1, "the follower goes on with the log");
        cluster.Run(500);
        Assert.Equal(cluster.Core("node1").LastIndex, cluster.Core("node3").LastIndex);
        Assert.DoesNotContain(cluster.Effects, e => e.Effect is InstallReceivedSnapshot or PeerLeftBehind);
    }

    [Fact]
    public void Beyond_the_limit_the_log_is_cut_and_that_is_said()
    {
        var cluster = LeaderWithFollowerBehind();
        cluster.Snapshot("node1", keep: 0, keepForPeers: 2);
        Assert.Equal(cluster.Core("node1").SnapshotIndex - 1, cluster.Core("node1").FirstIndex);
        var behind = Assert.Single(cluster.Effects.Select(e => e.Effect).OfType<PeerLeftBehind>());
        Assert.Equal(("node3", cluster.Core("node1").FirstIndex), (behind.Peer, behind.KeptFrom));
        cluster.Run(500);
        Assert.Equal(cluster.Core("node1").LastIndex, cluster.Core("node3").LastIndex);
    }

    /// <summary>
    /// The answer of the crashed process arrives after the loss of the connection, because each direction has its own connection.
    /// </summary>
    [Fact]
    public void Entries_that_a_follower_compared_and_lost_before_they_were_durable_are_sent_again()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Elect("node1");
        cluster.SlowDisk("node3");
        cluster.Propose("node1", "last");
        cluster.Deliver("node1", "node3");
        cluster.Timeout("node1");
        cluster.Deliver("node1", "node3");
        Assert.Equal(cluster.Core("node1").LastIndex, cluster.Core("node3").LastIndex);
        cluster.Crash("node3");
        cluster.Do("node1", now => new PeerDisconnected(now, "node3"));
        cluster.Deliver("node3", "node1");
        cluster.FastDisk("node3");
        cluster.Start("node3");
        Assert.NotEqual(cluster.Core("node1").LastIndex, cluster.Core("node3").LastIndex);
        cluster.Run(5_000);
        Assert.Equal(cluster.Core("node1").LastIndex, cluster.Core("node3").LastIndex);
    }

    /// <summary>The follower node3 has acknowledged the first entries, stays in contact, and does not receive the others.</summary>
    private static ScriptedCluster LeaderWithFollowerBehind()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Elect("node1");
        for (var i = 0; i < 20; i++)
        {
            cluster.Propose("node1", $"command {i}");
            for (var step = 0; step < 4; step++)
            {
                cluster.Deliver(to: "node2");
                cluster.Deliver("node2", "node1");
                foreach (var (from, to, message) in cluster.Mail.Where(m => m.To == "node3" && !m.Message.IsBulk).ToList())
                    cluster.Hand(from, to, message);
                cluster.Drop(to: "node3");
                cluster.Deliver("node3", "node1");
            }
        }
        return cluster;
    }

    private static void Check(SlowLinkWorld world, double megabytesPerSecond, long bytes)
    {
        var ideal = bytes / (megabytesPerSecond * 1_000_000);
        var last = world["A"].Core.LastIndex;
        var seconds = world.Until(() => world["C"].Core.CommitIndex >= last, TimeSpan.FromSeconds(ideal * 20));
        var sent = world.SentBytes - world.BytesAtStart;
        Assert.True(seconds is not null, $"not done in {ideal * 20} s; {sent} bytes sent for {bytes}");
        Assert.True(seconds <= ideal * MostTime, $"took {seconds:0.0} s; ideal {ideal:0.0} s");
        Assert.True(sent <= bytes * MostBytes, $"sent {sent} bytes for {bytes}");
        Assert.Equal(world.TermAtStart, world["A"].Core.Term);
    }
}
