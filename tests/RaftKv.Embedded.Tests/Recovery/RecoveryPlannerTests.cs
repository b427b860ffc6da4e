using RaftKv.Embedded.Recovery;
using Xunit;

namespace RaftKv.Embedded.Tests.Recovery;

/// <summary>How a recovery ranks the survivors, and when acknowledged writes may be lost.</summary>
public sealed class RecoveryPlannerTests
{
    private static readonly Guid Cluster = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");

    [Fact]
    public void The_higher_last_term_is_better_then_the_higher_last_version()
    {
        var plan = RecoveryPlanner.Plan([Survivor("a", 3, 90), Survivor("b", 4, 50), Survivor("c", 4, 51)]);

        Assert.Equal(["c", "b", "a"], plan.Ranked.Select(s => s.NodeId));
        Assert.Contains(plan.Findings, f => f.Contains("Given up") && f.Contains("what a has"));
    }

    [Theory]
    [InlineData(3, 1, false, true)]
    [InlineData(3, 2, true, false)]
    [InlineData(4, 2, false, false)]
    [InlineData(5, 2, false, true)]
    [InlineData(5, 3, true, false)]
    [InlineData(1, 1, true, false)]
    public void Whether_acknowledged_writes_may_be_lost_is_a_matter_of_who_is_missing(int voters, int survivors, bool hasQuorum, bool mayLose)
    {
        var all = Enumerable.Range(1, voters).Select(i => $"node{i}").ToArray();

        var plan = RecoveryPlanner.Plan([.. all.Take(survivors).Select(id => Survivor(id, 2, 10, all))]);

        Assert.Equal(hasQuorum, plan.HasQuorum);
        Assert.Equal(mayLose, plan.MayLoseWrites);
        Assert.Equal(all.Skip(survivors), plan.MissingVoters);
    }

    [Fact]
    public void A_learner_or_a_wiped_disk_does_not_count_for_the_quorum()
    {
        string[] voters = ["a", "b", "c"];

        var plan = RecoveryPlanner.Plan([Survivor("a", 2, 10, voters), Survivor("b", 2, 9, voters) with { IsVoter = false }, Survivor("learner", 2, 11, voters) with { IsVoter = false }]);

        Assert.False(plan.HasQuorum);
        Assert.Equal("learner", plan.Best.NodeId);
        Assert.Equal(["b", "c"], plan.MissingVoters);
    }

    [Fact]
    public void Survivors_of_two_clusters_or_none_are_refused()
    {
        Assert.Throws<ArgumentException>(() => RecoveryPlanner.Plan([]));
        Assert.Throws<ArgumentException>(() => RecoveryPlanner.Plan([Survivor("a", 1, 1), Survivor("a", 1, 1)]));
        Assert.Throws<ArgumentException>(() => RecoveryPlanner.Plan([Survivor("a", 1, 1), Survivor("b", 1, 1) with { ClusterId = Guid.NewGuid() }]));
    }

    private static RaftKvSurvivingNode Survivor(string nodeId, long lastTerm, long lastIndex, params string[] voters) => new()
    {
        DataDirectory = nodeId,
        NodeId = nodeId,
        Incarnation = Guid.NewGuid(),
        ClusterId = Cluster,
        Term = lastTerm,
        LastTerm = lastTerm,
        LastVersion = new KvVersion(lastIndex),
        LastWriteAt = DateTimeOffset.UnixEpoch,
        SnapshotVersion = default,
        Voters = voters.Length == 0 ? ["a", "b", "c", "d", "e", "f", "g"] : voters,
        IsVoter = true,
    };
}
