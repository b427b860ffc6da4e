using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Tests.Consensus.Model;
using Xunit;

namespace RaftKv.Embedded.Tests.Consensus;

/// <summary>A follower whose disk was rolled back no longer has entries that it acknowledged to the leader in the current term.</summary>
public sealed class RolledBackDiskTests
{
    [Fact]
    public void A_follower_that_takes_back_what_it_acknowledged_is_noticed_fenced_fed_and_promoted()
    {
        var cluster = Cluster("node1", "node2", "node3");
        var acknowledged = cluster.Core("node1").LastIndex;
        RollBack(cluster, "node3", keep: 2);
        cluster.Run(100);

        var lost = Assert.Single(cluster.Effects.Select(e => e.Effect).OfType<EntriesLost>());
        Assert.Equal(("node3", acknowledged, 2L), (lost.Peer, lost.Acknowledged, lost.Last.Index));
        Assert.Contains(Configurations(cluster), c => c == "node1 node2 node3(joining)");
        cluster.Run(1_000);
        Assert.Equal("node1 node2 node3", cluster.Core("node1").Configuration.ToString());
        Assert.Equal(cluster.Core("node1").LastIndex, cluster.Core("node3").LastIndex);
        Assert.All(cluster.Core("node1").Peers, p => Assert.Equal((cluster.Core("node1").LastIndex, false), (p.Match, p.HasLostEntries)));
    }

    /// <summary>
    /// The leader and the rolled-back disk are no quorum: the leader steps down, commits nothing, and appends no removal.
    /// </summary>
    [Fact]
    public void A_follower_that_takes_back_what_it_acknowledged_counts_for_no_quorum()
    {
        var cluster = Cluster("node1", "node2", "node3");
        cluster.Isolate("node2");
        cluster.Propose("node1", "committed by node1 and node3");
        cluster.Settle();
        RollBack(cluster, "node3", keep: 2);
        cluster.Run(60);
        Assert.True(cluster.Core("node1").Peers.Single(p => p.NodeId == "node3").HasLostEntries);
        var commit = cluster.Core("node1").CommitIndex;

        cluster.Propose("node1", "no quorum has this");
        var removal = cluster.Change("node1", new RemoveMember("node2"));
        var transfer = cluster.Transfer("node1", "node3");
        var read = cluster.Read("node1");
        for (var i = 0; i < 40 && cluster.Core("node1").Role == RaftRole.Leader; i++)
            cluster.Run(25);

        Assert.Equal((RaftRole.Follower, commit), (cluster.Core("node1").Role, cluster.Core("node1").CommitIndex));
        RaftKvMembershipError?[] refusals = [RaftKvMembershipError.WouldLoseQuorum, RaftKvMembershipError.ChangeInProgress];
        Assert.Contains(cluster.Completed(removal)!.Error, refusals);
        Assert.Equal(RaftKvMembershipError.NotEligible, cluster.Completed(transfer)!.Error);
        Assert.NotNull(cluster.Core("node1").Configuration.Find("node2"));
        Assert.DoesNotContain(cluster.Effects, e => e.Effect is ReadReady ready && ready.Id == read);
    }

    /// <summary>Messages may overtake each other: a refusal that was sent before the acknowledgement is no proof of a loss.</summary>
    [Fact]
    public void A_refusal_that_arrives_after_a_later_acknowledgement_is_no_loss()
    {
        var cluster = Cluster("node1", "node2", "node3");
        var leader = cluster.Core("node1");
        var peer = leader.Peers.Single(p => p.NodeId == "node3");

        cluster.Hand("node3", "node1", new AppendReply(leader.Term, Accepted: false, 0, new EntryId(1, 1), peer.Match, peer.MatchRound));

        Assert.False(peer.HasLostEntries);
        Assert.DoesNotContain(cluster.Effects, e => e.Effect is EntriesLost);
    }

    /// <summary>
    /// Messages of a node's earlier leadership may arrive while it leads again, for example behind others that overtook them. The rounds of
    /// the two leaderships are not comparable.
    /// </summary>
    [Theory]
    [InlineData(2)]
    [InlineData(1_000)]
    public void A_refusal_of_a_message_from_an_earlier_leadership_is_no_loss_and_answers_no_round(long round)
    {
        var cluster = Cluster("node1", "node2", "node3");
        var old = cluster.Core("node1").Term;
        cluster.Transfer("node1", "node2");
        cluster.Settle();
        cluster.Transfer("node2", "node1");
        cluster.Settle();
        var leader = cluster.Core("node1");
        var peer = leader.Peers.Single(p => p.NodeId == "node3");
        Assert.Equal((RaftRole.Leader, true), (leader.Role, leader.Term > old));
        cluster.Hand("node1", "node3", new AppendEntries(old, new EntryId(1, 1), default, 1, round, LeaseMs: 0));
        var reply = Assert.IsType<AppendReply>(Assert.Single(cluster.Mail, m => m.From == "node3").Message);
        // A follower of an older version repeats the round.
        cluster.Hand("node3", "node1", reply with { Round = 1_000 });
        cluster.Settle();

        Assert.Equal((leader.Term, 0), (reply.Term, reply.Round));
        Assert.False(peer.HasLostEntries);
        Assert.DoesNotContain(cluster.Effects, e => e.Effect is EntriesLost);
    }

    /// <summary>A member that has not yet proven its directory answers no round, and is fed meanwhile.</summary>
    [Fact]
    public void A_refusal_that_answers_no_round_says_where_to_go_on()
    {
        var cluster = Cluster("node1", "node2", "node3");
        var leader = cluster.Core("node1");
        var peer = leader.Peers.Single(p => p.NodeId == "node3");
        cluster.Crash("node3");
        for (var i = 0; i < 5; i++)
            cluster.Propose("node1", $"{i}");
        cluster.Settle();
        var (answered, next) = (peer.Round, peer.Match + 1);

        var hint = leader.SnapshotId with { Index = peer.Match };
        cluster.Hand("node3", "node1", new AppendReply(leader.Term, Accepted: false, 0, hint, leader.LastIndex, Round: 0));

        Assert.Equal((ProgressState.Probe, next, answered), (peer.State, peer.Next, peer.Round));
    }

    /// <summary>The member is added again while the leader still notifies it of its removal.</summary>
    [Fact]
    public void A_member_that_is_removed_and_added_at_once_is_fed_from_what_its_disk_has()
    {
        var cluster = Cluster("node1", "node2", "node3");
        cluster.Crash("node3");
        cluster.Change("node1", new RemoveMember("node3"));
        cluster.Settle();
        cluster["node3"].Disk.Entries.RemoveRange(2, cluster["node3"].Disk.Entries.Count - 2);
        var join = cluster.Change("node1", new AddMember(cluster.NewMember("node3", MemberRole.Joining)));
        cluster.Settle();
        Assert.Equal(0, cluster.Core("node1").Peers.Single(p => p.NodeId == "node3").Match);
        cluster.Start("node3");
        cluster.Run(1_000);

        Assert.Null(cluster.Completed(join)!.Error);
        Assert.Equal("node1 node2 node3", cluster.Core("node1").Configuration.ToString());
        Assert.Equal(cluster.Core("node1").LastIndex, cluster.Core("node3").LastIndex);
    }

    [Fact]
    public void An_acknowledgement_from_before_a_member_was_added_again_does_not_count()
    {
        var cluster = Cluster("node1", "node2", "node3");
        var leader = cluster.Core("node1");
        var old = leader.Peers.Single(p => p.NodeId == "node3");
        var late = new AppendReply(leader.Term, Accepted: true, old.Match, default, old.Match, old.Round);
        cluster.Crash("node3");
        cluster.Change("node1", new RemoveMember("node3"));
        cluster.Settle();
        cluster.Change("node1", new AddMember(cluster.NewMember("node3", MemberRole.Joining)));
        cluster.Settle();

        cluster.Hand("node3", "node1", late);

        Assert.Equal(0, leader.Peers.Single(p => p.NodeId == "node3").Match);
    }

    /// <summary>Configurations with the node's old identity do not remove it, and do not give it a vote.</summary>
    [Fact]
    public void A_node_with_a_new_identity_waits_as_a_learner_until_it_is_taken_in()
    {
        var cluster = Cluster("node1", "node2", "node3");
        cluster.Do("node3", now => new Reincarnated(now, ModelClusters.Incarnation("node3", 7)));
        cluster.Propose("node1", "x");
        cluster.Settle();

        Assert.Equal((RaftRole.Learner, false), (cluster.Core("node3").Role, cluster.Core("node3").IsMember));
        cluster.Crash("node1");
        cluster.Isolate("node2");
        cluster.Run(3_000);
        Assert.Equal(RaftRole.Learner, cluster.Core("node3").Role);
    }

    /// <summary>Such a leader must not report that it is ready: nothing proves that a quorum follows it.</summary>
    [Fact]
    public void A_leader_has_no_quorum_before_an_entry_of_its_term_is_committed_nor_when_nobody_answers()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Wait(251);
        cluster.Timeout("node1");
        while (cluster.Core("node1").Role != RaftRole.Leader)
            cluster.Deliver();
        Assert.False(cluster.Core("node1").HasQuorum);
        cluster.Settle();
        Assert.True(cluster.Core("node1").HasQuorum);

        cluster.Isolate("node1");
        cluster.Run(499);
        cluster.Wait(2);
        cluster.Read("node1");
        Assert.False(cluster.Core("node1").HasQuorum);
    }

    /// <summary>Without the safety checker, which assumes that disks keep what was written.</summary>
    private static ScriptedCluster Cluster(params string[] ids)
    {
        var cluster = new ScriptedCluster { ChecksSafety = false };
        foreach (var id in ids)
            cluster.Add(id, ids);
        cluster.Elect(ids[0]);
        cluster.Propose(ids[0], "a", "b", "c");
        cluster.Run(200);
        return cluster;
    }

    private static void RollBack(ScriptedCluster cluster, string id, int keep)
    {
        cluster.Crash(id);
        var entries = cluster[id].Disk.Entries;
        entries.RemoveRange(keep, entries.Count - keep);
        cluster.Start(id);
    }

    private static IEnumerable<string> Configurations(ScriptedCluster cluster) =>
        cluster.Effects.Where(e => e.Node == "node1").Select(e => e.Effect).OfType<ConfigurationChanged>().Select(c => c.Configuration.ToString());
}
