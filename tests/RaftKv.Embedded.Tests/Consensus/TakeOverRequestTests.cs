using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Tests.Consensus.Model;
using Xunit;

namespace RaftKv.Embedded.Tests.Consensus;

/// <summary>What a node does when the leader asks it to take over the leadership (dissertation §3.10).</summary>
public sealed class TakeOverRequestTests
{
    private readonly List<RaftEffect> _effects = [];

    [Fact]
    public void Its_sender_gives_up_the_leadership_so_a_node_that_cannot_campaign_follows_no_leader()
    {
        var node = Start("n1", MemberRole.Learner);

        node.Step(new MessageReceived(new Moment(2, 0), "n2", new TimeoutNow(7), ModelClusters.Incarnation("n2")), _effects);

        Assert.Equal(7, node.Term);
        Assert.Null(node.LeaderId);
    }

    [Fact]
    public void A_voter_that_did_not_know_the_term_campaigns_in_the_next_one()
    {
        var node = Start("n1", MemberRole.Voter);

        node.Step(new MessageReceived(new Moment(2, 0), "n2", new TimeoutNow(7), ModelClusters.Incarnation("n2")), _effects);

        Assert.Equal(8, node.Term);
        Assert.Equal(RaftRole.Candidate, node.Role);
    }

    private RaftCore Start(string nodeId, MemberRole role)
    {
        var three = ModelClusters.Voters("n1", "n2", "n3");
        var core = new RaftCore(new RaftSettings { NodeId = nodeId, Incarnation = ModelClusters.Incarnation(nodeId), Seed = 1 }, new RaftStart
        {
            Term = 2,
            TermStarts = [new(1, 1)],
            LastIndex = 1,
            Configurations = [new LogEntry(1, 1, 0, EntryKind.Configuration, three.With(three.Find(nodeId)! with { Role = role }).Encode())],
            Committed = new EntryId(1, 1),
        });
        core.Initialize(new Moment(1, 0), _effects);
        return core;
    }
}
