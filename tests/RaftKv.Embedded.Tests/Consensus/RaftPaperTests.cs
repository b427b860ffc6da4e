using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Tests.Consensus.Model;
using Xunit;

namespace RaftKv.Embedded.Tests.Consensus;

/// <summary>What the Raft paper and Ongaro's dissertation require, section by section.</summary>
public sealed class RaftPaperTests
{
    private static readonly string[] Five = ["node1", "node2", "node3", "node4", "node5"];

    /// <summary>Raft §5.2: each server votes for at most one candidate in a term.</summary>
    [Fact]
    public void A_vote_is_given_once_in_a_term_and_is_on_disk_before_it_is_sent()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Wait(600);
        cluster.SlowDisk("node3");
        cluster.Hand("node1", "node3", new RequestVote(2, false, new EntryId(1, 1), false));
        Assert.Empty(cluster.Mail);

        cluster.FastDisk("node3");
        Assert.Equal(("node3", "node1", (RaftMessage)new VoteReply(2, false, true)), Assert.Single(cluster.Mail));
        Assert.Equal("node1", cluster["node3"].Disk.VotedFor);

        cluster.Drop();
        cluster.Crash("node3");
        cluster.Start("node3");
        cluster.Wait(600);
        cluster.Hand("node2", "node3", new RequestVote(2, false, new EntryId(1, 1), false));
        Assert.Equal(new VoteReply(2, false, false), Assert.Single(cluster.Mail).Message);
    }

    /// <summary>Raft §5.2: a candidate needs a majority; the same voter does not count twice.</summary>
    [Fact]
    public void A_repeated_vote_counts_once()
    {
        var cluster = ScriptedCluster.Of(Five);
        cluster.Wait(251);
        cluster.Timeout("node1");
        for (var i = 0; i < 3; i++)
            cluster.Hand("node2", "node1", new VoteReply(2, true, true));
        Assert.Equal(RaftRole.PreCandidate, cluster.Core("node1").Role);

        cluster.Hand("node3", "node1", new VoteReply(2, true, true));
        for (var i = 0; i < 3; i++)
            cluster.Hand("node2", "node1", new VoteReply(2, false, true));
        Assert.Equal(RaftRole.Candidate, cluster.Core("node1").Role);
    }

    /// <summary>Raft §5.1: a higher term is learned from any reply, and is never a vote.</summary>
    [Fact]
    public void A_higher_term_in_a_reply_is_not_a_vote()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Wait(251);
        cluster.Timeout("node1");
        cluster.Hand("node2", "node1", new VoteReply(2, true, true));
        Assert.Equal(RaftRole.Candidate, cluster.Core("node1").Role);

        cluster.Hand("node3", "node1", new VoteReply(9, false, true));
        Assert.Equal((RaftRole.Follower, 9), (cluster.Core("node1").Role, cluster.Core("node1").Term));
    }

    /// <summary>Raft §5.3, figure 7: followers end with the log of the leader, whatever their own logs contain.</summary>
    [Theory]
    [InlineData(new long[] { 1, 1, 1, 4, 4, 5, 5, 6, 6 })]
    [InlineData(new long[] { 1, 1, 1, 4 })]
    [InlineData(new long[] { 1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6 })]
    [InlineData(new long[] { 1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7 })]
    [InlineData(new long[] { 1, 1, 1, 4, 4, 4, 4 })]
    [InlineData(new long[] { 1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3 })]
    public void A_follower_ends_with_the_log_of_the_leader(long[] follower)
    {
        var cluster = new ScriptedCluster();
        string[] voters = ["node1", "node2", "node3"];
        long[] leader = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
        cluster.AddWithLog("node1", 7, voters, leader);
        cluster.AddWithLog("node2", 7, voters, leader);
        cluster.AddWithLog("node3", 7, voters, follower);
        cluster.Isolate("node3");
        cluster.Elect("node1");
        cluster.Heal();
        cluster.Run(200);

        Assert.Equal([.. leader, 8], Enumerable.Range(1, 11).Select(i => cluster.Core("node3").TermAt(i)));
        Assert.Equal(11, cluster.Core("node3").CommitIndex);
    }

    /// <summary>Raft §5.3: a thousand conflicting entries of fifty terms cost a round trip per term, not per entry.</summary>
    [Fact]
    public void Back_up_takes_a_round_trip_per_term()
    {
        var cluster = new ScriptedCluster();
        string[] voters = ["node1", "node2", "node3"];
        long[] leader = [1, .. Enumerable.Range(0, 1000).Select(i => 2 * (1 + (i / 20L)))];
        long[] follower = [1, .. Enumerable.Range(0, 1000).Select(i => 1 + (2 * (1 + (i / 20L))))];
        follower[^1] = 101;
        cluster.AddWithLog("node1", 102, voters, [.. leader, 102]);
        cluster.AddWithLog("node2", 102, voters, [.. leader, 102]);
        cluster.AddWithLog("node3", 102, voters, follower);
        cluster.Isolate("node3");
        cluster.Elect("node1");
        cluster.Heal();
        var before = cluster.Effects.Count;
        cluster.Run(300);

        var refusals = cluster.Effects.Skip(before).Count(e => e is ("node3", Send { Message: AppendReply { Accepted: false } }));
        Assert.InRange(refusals, 1, 52);
        Assert.Equal(cluster.Core("node1").LastIndex, cluster.Core("node3").LastIndex);
    }

    /// <summary>Raft §5.3: an old message truncates nothing that agrees with the leader.</summary>
    [Fact]
    public void A_late_append_does_not_shorten_the_log()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Elect("node1");
        cluster.Propose("node1", "a");
        var late = cluster.Mail.First(m => m.To == "node2").Message;
        cluster.Propose("node1", "b");
        cluster.Settle();
        var last = cluster.Core("node2").LastIndex;
        cluster.Hand("node1", "node2", late);

        Assert.Equal(last, cluster.Core("node2").LastIndex);
    }

    /// <summary>Raft §5.3: a follower's commit index goes no further than what it has compared with the leader.</summary>
    [Fact]
    public void A_follower_commits_only_what_it_has_compared()
    {
        var cluster = new ScriptedCluster { ChecksSafety = false };
        string[] voters = ["node1", "node2", "node3"];
        cluster.AddWithLog("node2", 4, voters, 1, 2, 3, 3);
        cluster.Hand("node1", "node2", new AppendEntries(5, new EntryId(2, 2), default, Commit: 4, Round: 1, LeaseMs: 0));

        Assert.Equal(2, cluster.Core("node2").CommitIndex);
        var reply = Assert.IsType<AppendReply>(Assert.Single(cluster.Mail).Message);
        Assert.Equal((true, 2L), (reply.Accepted, reply.Match));
    }

    /// <summary>Raft §5.3: what is acknowledged is on the disk.</summary>
    [Fact]
    public void An_acknowledgement_waits_for_the_disk_and_the_leader_counts_its_own_disk_too()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Elect("node1");
        var commit = cluster.Core("node1").CommitIndex;
        cluster.SlowDisk("node1");
        cluster.SlowDisk("node2");
        cluster.Propose("node1", "a");
        cluster.Drop(to: "node3");
        cluster.Settle();
        Assert.Equal(commit, cluster.Core("node1").CommitIndex);

        cluster.FastDisk("node2");
        cluster.Settle();
        Assert.Equal(commit, cluster.Core("node1").CommitIndex);

        cluster.FastDisk("node1");
        Assert.Equal(commit + 1, cluster.Core("node1").CommitIndex);
    }

    /// <summary>Raft §5.4.1: the voter refuses a candidate whose log is behind its own.</summary>
    [Theory]
    [InlineData(3, 1, true)]
    [InlineData(2, 3, true)]
    [InlineData(2, 2, false)]
    [InlineData(1, 9, false)]
    public void Only_an_up_to_date_candidate_gets_the_vote(long lastTerm, long lastIndex, bool granted)
    {
        var cluster = new ScriptedCluster();
        cluster.AddWithLog("node2", 3, ["node1", "node2", "node3"], 1, 1, 2);
        cluster.Wait(600);
        cluster.Hand("node1", "node2", new RequestVote(4, false, new EntryId(lastTerm, lastIndex), false));

        Assert.Equal(new VoteReply(4, false, granted), Assert.Single(cluster.Mail).Message);
    }

    /// <summary>Raft §5.4.2, figure 8: an entry of an old term is not committed by counting its copies.</summary>
    [Fact]
    public void An_entry_of_an_old_term_commits_only_behind_one_of_the_new()
    {
        var cluster = new ScriptedCluster { ChecksSafety = false };
        foreach (var id in Five)
            cluster.AddWithLog(id, 3, Five, id is "node1" or "node2" ? [1, 2] : id == "node5" ? [1, 3] : [1]);
        cluster.Isolate("node5");
        cluster.Wait(600);
        cluster.Timeout("node1");
        cluster.Timeout("node1");
        while (cluster.Core("node1").Role != RaftRole.Leader)
            cluster.Deliver();
        var term = cluster.Core("node1").Term;
        cluster.Drop();
        foreach (var id in new[] { "node2", "node3", "node4" })
            cluster.Hand(id, "node1", new AppendReply(term, true, 2, default, 2, 1));
        Assert.Equal(0, cluster.Core("node1").CommitIndex);

        foreach (var id in new[] { "node2", "node3" })
            cluster.Hand(id, "node1", new AppendReply(term, true, 3, default, 3, 1));
        Assert.Equal(3, cluster.Core("node1").CommitIndex);
    }

    /// <summary>Raft §7: a snapshot replaces a log that contradicts it, and leaves one that contains it.</summary>
    [Theory]
    [InlineData(new long[] { 1, 1, 2, 2 }, 1, 2, 4)]
    [InlineData(new long[] { 1, 3, 3, 3, 3, 3 }, 2, 4, 4)]
    public void A_snapshot_replaces_a_log_that_conflicts_and_keeps_a_suffix_that_agrees(long[] log, long lastTerm, long lastIndex, long expectedLast)
    {
        var cluster = new ScriptedCluster { ChecksSafety = false };
        string[] voters = ["node1", "node2", "node3"];
        cluster.AddWithLog("node2", 3, voters, log);
        var last = new EntryId(lastTerm, lastIndex);
        var snapshot = new ModelSnapshot(last, 42, ModelClusters.Voters(voters), 1, 0).Encode();
        cluster.Hand("node1", "node2", new InstallSnapshot(4, last, snapshot.Length, 0, snapshot, 1));

        var core = cluster.Core("node2");
        Assert.Equal((last.Index, last.Index), (core.CommitIndex, core.SnapshotIndex));
        Assert.Equal(expectedLast, core.LastIndex);
        Assert.Equal(new InstallSnapshotReply(4, last, snapshot.Length, true, 0), cluster.Mail[^1].Message);
    }

    /// <summary>Raft §7: a snapshot that ends before the commit index changes nothing.</summary>
    [Fact]
    public void A_snapshot_behind_the_commit_index_is_answered_and_ignored()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Elect("node1");
        cluster.Run(100);
        var commit = cluster.Core("node2").CommitIndex;
        cluster.Drop();
        cluster.Hand("node1", "node2", new InstallSnapshot(2, new EntryId(1, 1), 100, 0, new byte[10], 1));

        Assert.True(Assert.IsType<InstallSnapshotReply>(Assert.Single(cluster.Mail).Message).Installed);
        Assert.Equal(commit, cluster.Core("node2").CommitIndex);
    }

    /// <summary>Dissertation §3.10: during a leadership transfer no proposal is accepted, and the transfer has a timeout.</summary>
    [Fact]
    public void A_transfer_to_a_silent_node_times_out_and_the_leader_leads_on()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Elect("node1");
        var transfer = cluster.Transfer("node1", "node3");
        cluster.Deliver();
        cluster.Deliver(to: "node1");
        cluster.Isolate("node3");
        cluster.Propose("node1", "a");
        Assert.Contains(cluster.Effects, e => e.Effect is ProposalRefused { Reason: RefusalReason.HandingOver });

        cluster.Run(2100);
        Assert.Equal(RaftKvMembershipError.TransferTimedOut, cluster.Completed(transfer)!.Error);
        var last = cluster.Core("node1").LastIndex;
        cluster.Propose("node1", "b");
        Assert.Equal((RaftRole.Leader, last + 1), (cluster.Core("node1").Role, cluster.Core("node1").LastIndex));
    }

    /// <summary>
    /// Raft §5.3 assumes that a disk keeps what it has confirmed. A peer that has lost such entries must not be probed forever.
    /// </summary>
    [Fact]
    public void A_peer_that_lost_acknowledged_entries_is_not_probed_in_a_circle()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Elect("node1");
        cluster.Run(100);
        cluster.Drop();
        var match = cluster.Core("node1").Peers.First(p => p.NodeId == "node3").Match;
        cluster.Hand("node3", "node1", new AppendReply(2, false, 0, default, match, 1));

        Assert.Empty(cluster.Mail);
    }

    /// <summary>Dissertation §4.2.3: a server that hears from a leader neither votes nor adopts the term.</summary>
    [Fact]
    public void A_candidate_does_not_disturb_a_working_leader()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Elect("node1");
        foreach (var id in new[] { "node1", "node2" })
        {
            cluster.Drop();
            cluster.Hand("node3", id, new RequestVote(99, false, new EntryId(99, 99), false));
            Assert.Equal(new VoteReply(2, false, false), Assert.Single(cluster.Mail).Message);
        }
        Assert.Equal((RaftRole.Leader, 2), (cluster.Core("node1").Role, cluster.Core("node1").Term));
    }

    /// <summary>Dissertation §6.2: a leader that does not hear a quorum steps down.</summary>
    [Fact]
    public void A_leader_without_a_quorum_steps_down()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Elect("node1");
        cluster.Isolate("node1");
        cluster.Run(700);

        Assert.NotEqual(RaftRole.Leader, cluster.Core("node1").Role);
        Assert.Contains(cluster.Effects, e => e is ("node1", RoleChanged { LeaderId: null } r) && r.Cause.StartsWith("lost contact with the quorum", StringComparison.Ordinal));
    }

    /// <summary>Dissertation §6.4: no read before the leader has committed an entry of its term.</summary>
    [Fact]
    public void A_new_leader_answers_reads_only_after_its_first_commit()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Wait(251);
        cluster.Timeout("node1");
        while (cluster.Core("node1").Role != RaftRole.Leader)
            cluster.Deliver();
        var read = cluster.Read("node1");
        Assert.DoesNotContain(cluster.Effects, e => e.Effect is ReadReady);

        cluster.Settle();
        Assert.Contains(cluster.Effects, e => e.Effect is ReadReady r && r.Id == read && r.Index >= 2);
    }

    /// <summary>Dissertation §6.4: an answer to an earlier round does not confirm the leadership for a later read.</summary>
    [Fact]
    public void An_answer_to_an_earlier_round_proves_nothing()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Elect("node1");
        cluster.Timeout("node1");
        cluster.Deliver("node1");
        var read = cluster.Read("node1");
        cluster.Drop("node1");
        cluster.Settle();
        Assert.DoesNotContain(cluster.Effects, e => e.Effect is ReadReady r && r.Id == read);

        cluster.Timeout("node1");
        cluster.Settle();
        Assert.Contains(cluster.Effects, e => e.Effect is ReadReady r && r.Id == read);
    }

    /// <summary>
    /// Dissertation §6.4.1: a voter that has promised a lease votes for no node, not even for itself, before the lease ends.
    /// </summary>
    [Fact]
    public void A_promise_outlives_a_broken_connection_and_a_restart()
    {
        var cluster = ScriptedCluster.Of("node1", "node2", "node3");
        cluster.Elect("node1");
        cluster.Do("node1", now => new LeaseWanted(now));
        cluster.Settle();
        var until = cluster.Core("node1").LeaseUntil;
        Assert.True(until > cluster.Now.Ticks);

        cluster.Do("node2", now => new PeerDisconnected(now, "node1"));
        Assert.True(cluster.Core("node2").Deadline >= until);
        cluster.Crash("node3");
        cluster.Start("node3");
        foreach (var id in new[] { "node2", "node3" })
        {
            cluster.Drop();
            cluster.Hand(id == "node2" ? "node3" : "node2", id, new RequestVote(99, false, new EntryId(99, 99), false));
            Assert.False(Assert.IsType<VoteReply>(Assert.Single(cluster.Mail).Message).Granted);
        }
    }

    /// <summary>Dissertation §9.6: only a candidate that could win starts a term.</summary>
    [Fact]
    public void A_candidate_that_cannot_win_starts_no_term()
    {
        var cluster = new ScriptedCluster();
        string[] voters = ["node1", "node2", "node3"];
        cluster.AddWithLog("node1", 3, voters, 1, 2);
        cluster.AddWithLog("node2", 3, voters, 1, 2, 3);
        cluster.AddWithLog("node3", 3, voters, 1, 2, 3);
        cluster.Wait(600);
        cluster.Timeout("node1");
        cluster.Timeout("node1");
        cluster.Settle();

        Assert.Equal((RaftRole.PreCandidate, 3), (cluster.Core("node1").Role, cluster.Core("node1").Term));
        Assert.Equal(3, cluster.Core("node2").Term);
    }
}
