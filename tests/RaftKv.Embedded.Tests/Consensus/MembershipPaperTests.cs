using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Tests.Consensus.Model;
using Xunit;

namespace RaftKv.Embedded.Tests.Consensus;

/// <summary>What the Raft paper and Ongaro's dissertation require of membership changes, and what this product adds.</summary>
public sealed class MembershipPaperTests
{
    /// <summary>
    /// Dissertation §4.1, and Ongaro's correction of 2015: one change at a time, and none before the term has committed an entry.
    /// </summary>
    [Fact]
    public void No_change_of_members_before_the_leader_has_committed_in_its_term_nor_two_at_once()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Add("node4");
        cluster.Wait(251);
        cluster.Timeout("node1");
        while (cluster.Core("node1").Role != RaftRole.Leader)
            cluster.Deliver();
        var early = cluster.Change("node1", new RemoveMember("node3"));
        Assert.Equal((RaftKvMembershipError.ChangeInProgress, true), (cluster.Completed(early)!.Error, cluster.Completed(early)!.Retry));

        cluster.Settle();
        var first = cluster.Change("node1", new AddMember(cluster.NewMember("node4", MemberRole.Learner)));
        var second = cluster.Change("node1", new RemoveMember("node3"));
        Assert.Null(cluster.Completed(first));
        Assert.Equal(RaftKvMembershipError.ChangeInProgress, cluster.Completed(second)!.Error);

        cluster.Settle();
        Assert.Null(cluster.Completed(first)!.Error);
    }

    /// <summary>Dissertation §4.1: truncating the entry of a configuration undoes the configuration.</summary>
    [Fact]
    public void A_truncated_configuration_is_out_of_force()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Elect("node1");
        cluster.Run(100);
        cluster.Change("node1", new RemoveMember("node2"));
        cluster.Deliver();
        cluster.Deliver();
        cluster.Isolate("node1");
        Assert.Null(cluster.Core("node1").Configuration.Find("node2"));
        cluster.Run(1500);
        cluster.Heal();
        cluster.Run(1500);

        Assert.NotNull(cluster.Core("node1").Configuration.Find("node2"));
        Assert.Equal(1, cluster.Core("node1").ConfigurationIndex);
    }

    /// <summary>
    /// Dissertation §4.2.2: a server that its own latest configuration excludes is needed until that configuration is committed.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_voter_whose_removal_is_not_committed_still_starts_elections(bool evenAfterRestart)
    {
        var cluster = ScriptedCluster.Of("node1", "node2");
        cluster.Elect("node1");
        cluster.Run(100);
        cluster.SlowDisk("node1");
        cluster.Change("node1", new RemoveMember("node2"));
        cluster.Settle();
        // Only node2 has the entry that removes it on disk, and node1 can no longer be elected without that entry.
        cluster.Crash("node1");
        cluster.FastDisk("node1");
        cluster.Start("node1");
        if (evenAfterRestart)
        {
            cluster.Crash("node2");
            cluster.Start("node2");
        }
        cluster.Run(3000);

        Assert.Equal((RaftRole.Leader, true), (cluster.Core("node1").Role, cluster.Core("node1").CanServeReads));
        Assert.Equal(RaftRole.Removed, cluster.Core("node2").Role);
        Assert.Equal("node1", cluster.Core("node1").Configuration.ToString());
    }

    /// <summary>Dissertation §4.2.1: an unreachable new member does not count for the quorum, and the call reports it.</summary>
    [Fact]
    public void An_unreachable_new_member_stays_a_learner()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Elect("node1");
        var add = cluster.Change("node1", new AddMember(new Member("node9", "nowhere:9", Guid.Empty, MemberRole.Joining)));
        cluster.Run(11_000);

        Assert.Equal(RaftKvMembershipError.NotCaughtUp, cluster.Completed(add)!.Error);
        Assert.Equal((RaftRole.Leader, 3), (cluster.Core("node1").Role, cluster.Core("node1").Configuration.VoterCount));
    }

    [Fact]
    public void A_join_ends_when_another_call_makes_the_new_member_a_learner()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Elect("node1");
        var join = cluster.Change("node1", new AddMember(new Member("node9", "nowhere:9", Guid.Empty, MemberRole.Joining)));
        cluster.Run(500);
        Assert.Null(cluster.Completed(join));

        var learner = cluster.Change("node1", new AddMember(new Member("node9", "nowhere:9", Guid.Empty, MemberRole.Learner)));
        cluster.Run(500);

        Assert.Null(cluster.Completed(learner)!.Error);
        Assert.Equal(RaftKvMembershipError.MemberExists, cluster.Completed(join)!.Error);
    }

    /// <summary>
    /// Dissertation §4.4: a voter whose connection was just reset does not count as alive, although it was heard a moment ago.
    /// </summary>
    [Fact]
    public void A_voter_that_was_just_lost_is_not_counted_on_for_a_removal()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Elect("node1");
        cluster.Crash("node3");
        cluster.Do("node1", now => new PeerDisconnected(now, "node3"));

        var living = cluster.Change("node1", new RemoveMember("node2"));
        cluster.Run(600);

        Assert.Equal(RaftKvMembershipError.WouldLoseQuorum, cluster.Completed(living)!.Error);
    }

    /// <summary>Dissertation §4.4: a change that would lose the quorum of live voters is refused.</summary>
    [Fact]
    public void A_living_voter_is_not_removed_while_it_is_needed_and_a_dead_one_is()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Elect("node1");
        cluster.Crash("node3");
        cluster.Run(700);
        var living = cluster.Change("node1", new RemoveMember("node2"));
        cluster.Run(600);
        Assert.Equal(RaftKvMembershipError.WouldLoseQuorum, cluster.Completed(living)!.Error);

        var dead = cluster.Change("node1", new RemoveMember("node3"));
        cluster.Settle();
        Assert.Null(cluster.Completed(dead)!.Error);
        var unknown = cluster.Change("node1", new RemoveMember("node3"));
        cluster.Settle();
        Assert.Equal(RaftKvMembershipError.UnknownMember, cluster.Completed(unknown)!.Error);
    }

    /// <summary>Dissertation §4.2.1: the last voter cannot be removed, and another disk cannot take the name of a live voter.</summary>
    [Fact]
    public void The_last_voter_and_the_disk_of_a_voter_are_protected()
    {
        var cluster = ScriptedCluster.Of("node1");
        cluster.Timeout("node1");
        var last = cluster.Change("node1", new RemoveMember("node1"));
        Assert.Equal(RaftKvMembershipError.LastVoter, cluster.Completed(last)!.Error);

        var other = cluster.Change("node1", new AddMember(new Member("node1", "node1:1", ModelClusters.Incarnation("node1", 7), MemberRole.Joining)));
        Assert.Equal(RaftKvMembershipError.MemberExists, cluster.Completed(other)!.Error);
    }

    /// <summary>
    /// Dissertation §4.1: for the voters, a voter that returns with an empty disk is a removed voter, whatever its name. Acknowledgements
    /// of the old disk do not count for the new disk, and the new disk votes only once it has caught up.
    /// </summary>
    [Fact]
    public void A_voter_with_an_empty_disk_is_replaced_by_a_learner_of_its_name_once_it_has_long_been_silent()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Elect("node1");
        var other = ModelClusters.Incarnation("node3", 7);
        var wiped = new AddMember(new Member("node3", "node3:1", other, MemberRole.Joining));

        // The voter is alive, or silent for a moment only: two nodes would have one name.
        Assert.Equal(RaftKvMembershipError.MemberExists, cluster.Completed(cluster.Change("node1", wiped))!.Error);
        cluster.Crash("node3");
        cluster.Run(2_500);
        Assert.Equal(RaftKvMembershipError.MemberExists, cluster.Completed(cluster.Change("node1", wiped))!.Error);
        cluster.Run(1_000);
        cluster.Change("node1", wiped);
        cluster.Settle();

        var member = cluster.Core("node1").Configuration.Find("node3")!;
        Assert.Equal((other, MemberRole.Joining), (member.Incarnation, member.Role));
        Assert.Equal(2, cluster.Core("node1").Configuration.VoterCount);
        var progress = cluster.Core("node1").Peers.Single(p => p.NodeId == "node3");
        Assert.Equal((0L, other), (progress.Match, progress.Incarnation));
        cluster.Propose("node1", "x");
        cluster.Settle();
        Assert.Equal(cluster.Core("node1").LastIndex, cluster.Core("node1").CommitIndex);
    }

    /// <summary>Dissertation §4.2.1: the live voters must be a quorum of the voters that remain without the silent one.</summary>
    [Fact]
    public void An_empty_disk_is_not_taken_in_when_that_would_cost_the_quorum()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3", "node4");
        cluster.Elect("node1");
        cluster.Crash("node3");
        cluster.Run(3_500);
        cluster.Crash("node4");
        cluster.Run(600);
        var wiped = cluster.Change("node1", new AddMember(new Member("node3", "node3:1", ModelClusters.Incarnation("node3", 7), MemberRole.Joining)));
        cluster.Run(600);

        Assert.Contains(cluster.Completed(wiped)!.Error, (RaftKvMembershipError?[])[RaftKvMembershipError.WouldLoseQuorum, RaftKvMembershipError.ChangeInProgress]);
    }

    /// <summary>Members beyond <c>TargetVoters</c> stand by. A standby member replaces a voter that is silent for 30 s.</summary>
    [Fact]
    public void A_member_that_stands_by_takes_the_place_of_a_silent_voter_and_only_then()
    {
        var cluster = new ScriptedCluster { TargetVoters = 3 };
        foreach (var id in (string[])["node1", "node2", "node3"])
            cluster.Add(id, "node1", "node2", "node3");
        cluster.Add("node4");
        cluster.Elect("node1");
        var join = cluster.Change("node1", new AddMember(new Member("node4", "node4:1", ModelClusters.Incarnation("node4"), MemberRole.Joining)));
        cluster.Run(500);
        Assert.Contains("stands by", cluster.Completed(join)!.Message, StringComparison.Ordinal);
        Assert.Equal(["node1", "node2", "node3"], Voters());

        cluster.Crash("node3");
        cluster.Run(29_000);
        Assert.Equal(["node1", "node2", "node3"], Voters());
        cluster.Run(2_000);
        Assert.Equal(["node1", "node2", "node4"], Voters());

        // node3 returns as a standby member, and becomes a voter again when one is missing.
        cluster.Start("node3");
        cluster.Run(1_000);
        Assert.Equal(["node1", "node2", "node4"], Voters());
        cluster.Change("node1", new RemoveMember("node2"));
        cluster.Run(1_000);
        Assert.Equal(["node1", "node3", "node4"], Voters());

        string[] Voters() => [.. cluster.Core("node1").Configuration.Members.Where(m => m.IsVoter).Select(m => m.NodeId)];
    }

    [Fact]
    public void Voters_beyond_the_wanted_number_stand_by_but_never_the_leader_and_learners_never_vote()
    {
        var cluster = new ScriptedCluster { TargetVoters = 3 };
        string[] ids = ["node1", "node2", "node3", "node4", "node5"];
        foreach (var id in ids)
            cluster.Add(id, ids);
        cluster.Add("node6");
        cluster.Elect("node5");
        cluster.Run(1_000);
        Assert.Equal(["node1", "node2", "node5"], cluster.Core("node5").Configuration.Members.Where(m => m.IsVoter).Select(m => m.NodeId));
        Assert.Equal(5, cluster.Core("node5").Configuration.Members.Count);

        cluster.Change("node5", new AddMember(new Member("node6", "node6:1", ModelClusters.Incarnation("node6"), MemberRole.Learner)));
        cluster.Run(1_000);
        foreach (var dead in (string[])["node2", "node3", "node4"])
            cluster.Crash(dead);
        cluster.Run(31_000);
        Assert.Equal(MemberRole.Learner, cluster.Core("node1").Configuration.Find("node6")!.Role);
    }
}
