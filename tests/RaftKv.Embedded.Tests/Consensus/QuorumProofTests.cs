using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Tests.Consensus.Model;
using Xunit;

namespace RaftKv.Embedded.Tests.Consensus;

/// <summary>
/// Dissertation §4.4, as this product reads it: answers to messages that were sent after the request prove a quorum, and recent contact
/// does not.
/// </summary>
public sealed class QuorumProofTests
{
    [Fact]
    public void A_new_leader_does_not_remove_a_voter_it_needs_because_the_old_leader_died_a_moment_ago()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Elect("node3");
        cluster.Crash("node3");
        cluster.Run(300);
        cluster.Elect("node1");

        var removal = cluster.Change("node1", new RemoveMember("node2"));
        cluster.Run(1_000);

        Assert.Equal((RaftKvMembershipError.WouldLoseQuorum, false), (cluster.Completed(removal)!.Error, cluster.Completed(removal)!.Retry));
        Assert.Contains("no answer from node3", cluster.Completed(removal)!.Message, StringComparison.Ordinal);
        Assert.NotNull(cluster.Core("node1").Configuration.Find("node2"));
        AssertCommits(cluster, "node1");
    }

    [Fact]
    public void An_answer_from_before_the_request_is_no_proof()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Elect("node1");
        cluster.Run(60);
        cluster.Crash("node3");

        var removal = cluster.Change("node1", new RemoveMember("node2"));
        cluster.Run(1_000);

        Assert.Equal(RaftKvMembershipError.WouldLoseQuorum, cluster.Completed(removal)!.Error);
        AssertCommits(cluster, "node1");
    }

    [Fact]
    public void A_change_waits_for_the_answers_and_is_appended_with_the_last_one_it_needs()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Elect("node1");
        cluster.Drop();
        var last = cluster.Core("node1").LastIndex;

        var removal = cluster.Change("node1", new RemoveMember("node2"));
        cluster.Deliver("node1", "node2");
        cluster.Deliver("node2", "node1");
        Assert.Equal(last, cluster.Core("node1").LastIndex);
        cluster.Deliver("node1", "node3");
        cluster.Deliver("node3", "node1");
        Assert.Equal((last + 1, 2), (cluster.Core("node1").LastIndex, cluster.Core("node1").Configuration.VoterCount));

        cluster.Settle();
        Assert.Null(cluster.Completed(removal)!.Error);
    }

    [Fact]
    public void The_voters_before_a_change_are_asked_too()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3", "node4", "node5");
        cluster.Elect("node1");
        cluster.Run(60);
        // The leader and node2 are two voters. A quorum is three, of five voters before the removal and of four after it.
        foreach (var silent in (string[])["node3", "node4", "node5"])
            cluster.Crash(silent);

        var removal = cluster.Change("node1", new RemoveMember("node5"));
        cluster.Run(400);

        Assert.Null(cluster.Completed(removal));
        Assert.Equal(5, cluster.Core("node1").Configuration.VoterCount);
        cluster.Run(1_000);
        Assert.Contains(cluster.Completed(removal)!.Error, (RaftKvMembershipError?[])[RaftKvMembershipError.WouldLoseQuorum, RaftKvMembershipError.ChangeInProgress]);
        Assert.Equal(5, cluster.Core("node1").Configuration.VoterCount);
    }

    [Fact]
    public void A_second_change_is_refused_while_one_waits_and_the_leaders_own_gives_way()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Elect("node1");
        var first = cluster.Change("node1", new RemoveMember("node2"));
        var second = cluster.Change("node1", new RemoveMember("node3"));

        Assert.Null(cluster.Completed(first));
        Assert.Equal((RaftKvMembershipError.ChangeInProgress, true), (cluster.Completed(second)!.Error, cluster.Completed(second)!.Retry));
        cluster.Settle();
        Assert.Null(cluster.Completed(first)!.Error);
    }

    [Fact]
    public void A_change_that_waits_ends_with_the_term_and_nothing_of_it_is_in_the_log()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Elect("node1");
        cluster.Drop();
        var last = cluster.Core("node1").LastIndex;
        var removal = cluster.Change("node1", new RemoveMember("node2"));
        cluster.Drop();
        cluster.Hand("node3", "node1", new AppendReply(9, Accepted: false, 0, default, 0, 0));

        Assert.Equal((true, false), (cluster.Completed(removal)!.Retry, cluster.Completed(removal)!.Unknown));
        Assert.Equal(last, cluster.Core("node1").LastIndex);
    }

    [Fact]
    public void A_change_in_the_log_of_a_leader_that_falls_has_an_unknown_outcome()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Elect("node1");
        var removal = cluster.Change("node1", new RemoveMember("node2"));
        cluster.Deliver();
        cluster.Deliver();
        Assert.Equal(2, cluster.Core("node1").Configuration.VoterCount);
        cluster.Drop();
        cluster.Hand("node3", "node1", new AppendReply(9, Accepted: false, 0, default, 0, 0));

        Assert.Equal((true, true), (cluster.Completed(removal)!.Retry, cluster.Completed(removal)!.Unknown));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_done_already_is_said_only_by_a_leader_that_still_leads(bool removes)
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Elect("node1");
        cluster.Drop();
        var call = cluster.Change("node1", removes ? new RemoveMember("node9") : new AddMember(cluster.NewMember("node2", MemberRole.Voter)));
        Assert.Null(cluster.Completed(call));
        cluster.Settle();
        Assert.Equal(removes ? RaftKvMembershipError.UnknownMember : null, cluster.Completed(call)!.Error);

        cluster.Isolate("node1");
        call = cluster.Change("node1", removes ? new RemoveMember("node9") : new AddMember(cluster.NewMember("node2", MemberRole.Voter)));
        cluster.Run(2_000);
        Assert.Contains(cluster.Completed(call)!.Error, (RaftKvMembershipError?[])[RaftKvMembershipError.WouldLoseQuorum, RaftKvMembershipError.ChangeInProgress]);
    }

    [Fact]
    public void A_silent_voter_is_not_retired_without_a_quorum_that_answers_now()
    {
        var cluster = new ScriptedCluster { TargetVoters = 3 };
        string[] ids = ["node1", "node2", "node3", "node4"];
        foreach (var id in ids)
            cluster.Add(id, ids);
        cluster.Elect("node1");
        // The surplus voter would be node4. Only node2 answers, and with the leader it is no quorum of the four voters.
        Assert.Equal(4, cluster.Core("node1").Configuration.VoterCount);
        cluster.Drop();
        cluster.Crash("node3");
        cluster.Crash("node4");
        cluster.Run(450);

        Assert.Equal(4, cluster.Core("node1").Configuration.VoterCount);
    }

    [Fact]
    public void A_learner_is_promoted_only_when_it_answers_now_and_its_vote_is_needed()
    {
        var cluster = ScriptedCluster.Of("node1", "node2");
        cluster.Add("node3");
        cluster.Elect("node1");
        cluster.Change("node1", new AddMember(cluster.NewMember("node3", MemberRole.Joining)));
        // node3 has all entries, and crashes before its promotion is confirmed. Then node2 crashes too.
        while (cluster.Core("node1").Peers.FirstOrDefault(p => p.NodeId == "node3") is not { } progress || progress.Match < cluster.Core("node1").LastIndex)
            cluster.Deliver();
        Assert.Equal(2, cluster.Core("node1").Configuration.VoterCount);
        cluster.Drop();
        cluster.Crash("node3");
        cluster.Crash("node2");
        cluster.Run(450);

        Assert.Equal(2, cluster.Core("node1").Configuration.VoterCount);
    }

    [Theory]
    [InlineData("node2")]
    [InlineData(null)]
    public void The_leadership_goes_only_to_a_voter_that_answers_now(string? to)
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Elect("node1");
        cluster.Run(60);
        cluster.Crash("node2");

        var transfer = cluster.Transfer("node1", to);
        cluster.Settle();
        if (to is null)
        {
            Assert.Equal(RaftRole.Leader, cluster.Core("node3").Role);
            return;
        }
        cluster.Propose("node1", "a");
        Assert.DoesNotContain(cluster.Effects, e => e.Effect is ProposalRefused);
        cluster.Run(1_000);
        Assert.Equal(RaftKvMembershipError.NotEligible, cluster.Completed(transfer)!.Error);
        Assert.Equal(RaftRole.Leader, cluster.Core("node1").Role);
    }

    private static void AssertCommits(ScriptedCluster cluster, string leader)
    {
        cluster.Propose(leader, "x");
        cluster.Settle();
        Assert.Equal((RaftRole.Leader, cluster.Core(leader).LastIndex), (cluster.Core(leader).Role, cluster.Core(leader).CommitIndex));
    }
}
