using RaftKv.Embedded.Log;
using RaftKv.Embedded.Node;
using Xunit;

namespace RaftKv.Embedded.Tests.Node;

/// <summary>Which copies differ from the majority of the voters, by their fingerprints.</summary>
public sealed class CopyComparisonTests
{
    private static readonly ClusterConfiguration Three = Of(("a", MemberRole.Voter), ("b", MemberRole.Voter), ("c", MemberRole.Voter), ("learner", MemberRole.Learner));

    [Fact]
    public void Whoever_differs_from_a_majority_of_the_voters_is_named_the_leader_too()
    {
        var round = new CopyComparison(64);

        Assert.Empty(round.Take("a", 1, Three));
        Assert.Empty(round.Take("b", 2, Three));
        Assert.Equal(["a"], round.Take("c", 2, Three));
        Assert.False(round.IsVerified);
        Assert.False(round.IsUndecided);
    }

    [Fact]
    public void A_learner_is_compared_and_has_no_say()
    {
        var round = new CopyComparison(64);

        round.Take("learner", 9, Three);
        Assert.Empty(round.Take("a", 1, Three));
        Assert.Equal(["learner"], round.Take("b", 1, Three));
    }

    [Fact]
    public void All_alike_is_verified_once_everybody_has_answered()
    {
        var round = new CopyComparison(64);

        foreach (var node in (string[])["a", "b", "c"])
        {
            Assert.Empty(round.Take(node, 1, Three));
            Assert.False(round.IsVerified);
        }
        Assert.Empty(round.Take("learner", 1, Three));
        Assert.True(round.IsVerified);
    }

    [Fact]
    public void Without_a_majority_nobody_is_accused()
    {
        var two = Of(("a", MemberRole.Voter), ("b", MemberRole.Voter));
        var round = new CopyComparison(64);

        Assert.Empty(round.Take("a", 1, two));
        Assert.False(round.IsUndecided);
        Assert.Empty(round.Take("b", 2, two));
        Assert.True(round.IsUndecided);
    }

    private static ClusterConfiguration Of(params (string Id, MemberRole Role)[] members) => new(members.Select(m => new Member(m.Id, "127.0.0.1:1", Guid.Empty, m.Role)));
}
