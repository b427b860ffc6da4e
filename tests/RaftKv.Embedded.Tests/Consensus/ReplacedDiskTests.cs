using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Tests.Consensus.Model;
using Xunit;

namespace RaftKv.Embedded.Tests.Consensus;

/// <summary>Two data directories with one node name: which of them is the member, and what messages of the other one count for.</summary>
public sealed class ReplacedDiskTests
{
    private static readonly Guid Other = ModelClusters.Incarnation("node3", 7);

    private static readonly AdmitMember Wiped = new(new Member("node3", "node3:1", Other, MemberRole.Joining));

    [Fact]
    public void The_default_patience_is_thirty_seconds()
    {
        Assert.Equal(TimeSpan.FromSeconds(30).Ticks, new RaftSettings { NodeId = "n", Seed = 1 }.ReplacedDiskTimeout);
        Assert.Equal(TimeSpan.FromSeconds(30), new RaftKvOptions().ReplacedDiskTimeout);
    }

    [Fact]
    public void An_empty_directory_does_not_take_the_name_of_a_voter_that_restarts()
    {
        var cluster = Three(TimeSpan.FromSeconds(30));
        cluster.Crash("node3");
        cluster.Run(29_000);
        var early = cluster.Change("node1", Wiped);
        Assert.Equal(RaftKvMembershipError.MemberExists, cluster.Completed(early)!.Error);
        Assert.Contains("takes its name after 30.0 s", cluster.Completed(early)!.Message, StringComparison.Ordinal);
        cluster.Start("node3");
        cluster.Run(5_000);
        var later = cluster.Change("node1", Wiped);
        cluster.Run(1_000);

        Assert.Equal(RaftKvMembershipError.MemberExists, cluster.Completed(later)!.Error);
        Assert.Equal(ModelClusters.Incarnation("node3"), cluster.Core("node1").Configuration.Find("node3")!.Incarnation);
    }

    [Fact]
    public void The_old_directory_that_is_heard_before_the_entry_is_appended_stays()
    {
        var cluster = Three(TimeSpan.FromSeconds(3));
        cluster.Isolate("node3");
        cluster.Run(3_500);
        cluster.Heal();
        cluster.Drop();

        var wiped = cluster.Change("node1", Wiped);
        Assert.Null(cluster.Completed(wiped));
        cluster.Hand("node3", "node1", new AppendReply(cluster.Core("node1").Term, Accepted: true, 0, default, 0, Round: 1), ModelClusters.Incarnation("node3"));
        cluster.Settle();

        Assert.Equal(RaftKvMembershipError.MemberExists, cluster.Completed(wiped)!.Error);
        Assert.True(cluster.Core("node1").Configuration.IsVoter("node3"));
    }

    [Fact]
    public void What_the_new_directory_says_is_no_sign_of_life_of_the_old_one()
    {
        var cluster = Three(TimeSpan.FromSeconds(3));
        cluster.Crash("node3");
        cluster.Run(3_500);
        cluster.Hand("node3", "node1", new AppendReply(cluster.Core("node1").Term, Accepted: true, 0, default, 0, Round: 1), Other);

        cluster.Change("node1", Wiped);
        cluster.Settle();

        Assert.Equal((Other, MemberRole.Joining), (cluster.Core("node1").Configuration.Find("node3")!.Incarnation, cluster.Core("node1").Configuration.Find("node3")!.Role));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_learner_that_lost_its_disk_keeps_its_role(bool isPermanent)
    {
        var role = isPermanent ? MemberRole.Learner : MemberRole.Joining;
        var cluster = ScriptedCluster.Of("node1", "node2");
        cluster.Add("node3");
        cluster.Elect("node1");
        cluster.Isolate("node3");
        cluster.Change("node1", new AddMember(cluster.NewMember("node3", role)));
        cluster.Settle();
        Assert.Equal(role, cluster.Core("node1").Configuration.Find("node3")!.Role);

        Assert.Equal(RaftKvMembershipError.MemberExists, cluster.Completed(cluster.Change("node1", Wiped))!.Error);
        cluster.Run(3_500);
        cluster.Change("node1", Wiped);
        cluster.Settle();

        Assert.Equal((Other, role), (cluster.Core("node1").Configuration.Find("node3")!.Incarnation, cluster.Core("node1").Configuration.Find("node3")!.Role));
    }

    [Fact]
    public void A_vote_of_another_directory_of_the_same_name_does_not_count()
    {
        var cluster = new ScriptedCluster { ChecksSafety = false };
        foreach (var id in (string[])["node1", "node2", "node3"])
            cluster.Add(id, "node1", "node2", "node3");
        cluster.Isolate("node1");
        for (var i = 0; i < 10 && cluster.Core("node1").Role != RaftRole.PreCandidate; i++)
            cluster.Timeout("node1");
        cluster.Heal();
        var term = cluster.Core("node1").Term;
        cluster.Hand("node3", "node1", new VoteReply(term + 1, PreVote: true, Granted: true), Other);
        Assert.Equal(RaftRole.PreCandidate, cluster.Core("node1").Role);
        cluster.Hand("node3", "node1", new VoteReply(term + 1, PreVote: true, Granted: true), ModelClusters.Incarnation("node3"));
        Assert.Equal(RaftRole.Candidate, cluster.Core("node1").Role);

        cluster.Hand("node3", "node1", new VoteReply(term + 1, PreVote: false, Granted: true), Other);
        Assert.Equal(RaftRole.Candidate, cluster.Core("node1").Role);
        cluster.Hand("node3", "node1", new VoteReply(term + 1, PreVote: false, Granted: true), ModelClusters.Incarnation("node3"));
        Assert.Equal(RaftRole.Leader, cluster.Core("node1").Role);
    }

    private static ScriptedCluster Three(TimeSpan patience)
    {
        var cluster = new ScriptedCluster { ReplacedDiskTimeout = patience, ChecksSafety = false };
        foreach (var id in (string[])["node1", "node2", "node3"])
            cluster.Add(id, "node1", "node2", "node3");
        cluster.Elect("node1");
        return cluster;
    }
}
