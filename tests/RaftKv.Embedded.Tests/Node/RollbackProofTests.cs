using RaftKv.Embedded.Log;
using RaftKv.Embedded.Node;
using Xunit;

namespace RaftKv.Embedded.Tests.Node;

/// <summary>
/// A data directory that was used before may have been rolled back. Until its peers have checked how old it is, the node gives no vote and
/// acknowledges nothing.
/// </summary>
public sealed class RollbackProofTests
{
    private readonly InMemoryNode _node = new(RaftKvBootstrap.Never, countsStarts: true, wasUsed: true);
    private readonly ScriptedLeader _leader;

    public RollbackProofTests() => _leader = new ScriptedLeader(_node);

    [Fact]
    public void Before_the_proof_the_leader_hears_that_the_node_is_there_and_no_acknowledgement()
    {
        _leader.Set("x");

        var replies = _node.Transport.Take<AppendReply>();
        Assert.NotEmpty(replies);
        Assert.All(replies, r => Assert.Equal((0, 0), (r.Match, r.Round)));
    }

    [Fact]
    public void It_acknowledges_when_every_other_voter_has_welcomed_it()
    {
        _leader.Welcome("b");
        Assert.Equal(0, LastMatch());
        _leader.Welcome("c");
        Assert.Equal(_leader.LastIndex, LastMatch());
    }

    [Fact]
    public void One_election_timeout_later_a_quorum_suffices()
    {
        _leader.Welcome("b");
        _leader.RunFor(TimeSpan.FromMilliseconds(500));
        Assert.Equal(_leader.LastIndex, LastMatch());
    }

    [Fact]
    public void Time_alone_proves_nothing()
    {
        _leader.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal(0, LastMatch());
    }

    [Fact]
    public void It_gives_no_vote_before_the_proof()
    {
        _leader.RunFor(TimeSpan.FromMilliseconds(100));
        _node.RunFor(TimeSpan.FromMilliseconds(100));
        var vote = new RequestVote(ScriptedLeader.Term + 1, PreVote: false, new EntryId(ScriptedLeader.Term, _leader.LastIndex), Transfer: true);

        _leader.Send("c", vote);
        Assert.Empty(_node.Transport.Take<VoteReply>());

        _leader.Welcome("b");
        _leader.Welcome("c");
        _leader.Send("c", vote);
        Assert.True(Assert.Single(_node.Transport.Take<VoteReply>()).Granted);
    }

    [Fact]
    public void A_directory_that_a_peer_has_seen_newer_says_nothing_until_the_cluster_has_a_leader_and_takes_it_in_under_another_identity()
    {
        _leader.Welcome("b");
        _leader.Welcome("c");
        var old = _node.Identity.Incarnation;

        Tell(Guid.NewGuid(), isLed: true);
        Assert.Null(_node.Replica.Status.RolledBack);

        Tell(old, isLed: false);
        Assert.NotNull(_node.Replica.Status.RolledBack);
        _node.Transport.Sent.Clear();
        _leader.Set("x");
        Assert.Empty(_node.Transport.Take<AppendReply>());
        Assert.Equal(old, _node.Identity.Incarnation);

        Tell(old, isLed: true);
        Assert.NotEqual(old, _node.Identity.Incarnation);
        Assert.DoesNotContain(_node.Transport.Peers, p => p.NodeId == "a");
        Assert.NotNull(_node.Replica.Status.RolledBack);
        // A late report, meant for the old identity.
        var fresh = _node.Identity.Incarnation;
        Tell(fresh, isLed: true);
        Assert.Equal(fresh, _node.Identity.Incarnation);

        _leader.Admit(fresh);
        _leader.RunFor(TimeSpan.FromMilliseconds(100));
        Assert.Null(_node.Replica.Status.RolledBack);
        Assert.Equal(_leader.LastIndex, LastMatch());
    }

    private void Tell(Guid incarnation, bool isLed)
    {
        _node.Replica.Post(new RollbackReported("b", incarnation, isLed));
        _node.Run();
    }

    private long LastMatch()
    {
        _node.Transport.Sent.Clear();
        _leader.Heartbeat();
        return _node.Transport.Take<AppendReply>()[^1].Match;
    }
}
