using RaftKv.Embedded.Log;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Node;

/// <summary>Calls that change members: the leader probes the node first, and says why nothing was changed.</summary>
public sealed class ReplicaMembershipTests
{
    private readonly InMemoryNode _node = new();

    [Fact]
    public async Task A_node_that_does_not_answer_is_not_added()
    {
        var result = await AddAsync("b");

        Assert.Equal(RaftKvMembershipError.NotCaughtUp, result.Error);
        Assert.Contains("Nothing was changed", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_with_another_name_is_not_added()
    {
        _node.Transport.Answers["b:1"] = new PeerHello { NodeId = "c", Incarnation = Guid.NewGuid(), FeatureLevel = 100 };

        Assert.Equal(RaftKvMembershipError.ForeignNode, (await AddAsync("b")).Error);
    }

    [Fact]
    public async Task A_node_of_another_cluster_is_not_added()
    {
        _node.Transport.Answers["b:1"] = new PeerHello
        {
            NodeId = "b",
            Incarnation = Guid.NewGuid(),
            ClusterId = Guid.NewGuid(),
            FeatureLevel = 100,
        };

        Assert.Equal(RaftKvMembershipError.ForeignNode, (await AddAsync("b")).Error);
    }

    [Fact]
    public void A_learner_that_answers_is_added_and_dialled()
    {
        var incarnation = Guid.NewGuid();
        _node.Transport.Answers["b:1"] = new PeerHello { NodeId = "b", Incarnation = incarnation, FeatureLevel = 100 };

        _ = Post(AdminOperation.AddLearner, "b");
        _node.RunFor(TimeSpan.FromSeconds(1));

        var member = Assert.Single(_node.Transport.Peers);
        Assert.Equal(("b", "b:1", incarnation), (member.NodeId, member.Address, member.Incarnation));
        Assert.Equal(2, _node.Replica.Status.Members.Count);
    }

    [Fact]
    public void A_node_that_introduces_itself_and_is_no_member_is_dialled_for_half_a_minute()
    {
        _ = _node.Set("x");
        _node.Run();
        _node.Replica.Post(new PeerIntroduced(new Member("z", "z:1", Guid.NewGuid(), MemberRole.Learner)));
        _node.Run();
        Assert.Equal("z", Assert.Single(_node.Transport.Peers).NodeId);

        _node.RunFor(TimeSpan.FromSeconds(31));

        Assert.Empty(_node.Transport.Peers);
    }

    [Fact]
    public async Task A_stopping_node_sends_callers_to_the_leader()
    {
        _node.Replica.Post(new StopWanted(new TaskCompletionSource()));

        var call = Post(AdminOperation.RemoveMember, "b");
        _node.Run();

        Assert.True(call.IsCompleted);
        Assert.Equal(AdminResult.AskLeader, await call);
    }

    private async Task<AdminResult> AddAsync(string nodeId)
    {
        var call = Post(AdminOperation.AddMember, nodeId);
        _node.RunFor(TimeSpan.FromSeconds(1));
        Assert.True(call.IsCompleted);
        return await call;
    }

    private Task<AdminResult> Post(AdminOperation operation, string nodeId)
    {
        _ = _node.Set("x");
        _node.Run();
        var call = new AdminCall { Operation = operation, NodeId = nodeId, Address = $"{nodeId}:1" };
        _node.Replica.Post(call);
        return call.Done;
    }
}
