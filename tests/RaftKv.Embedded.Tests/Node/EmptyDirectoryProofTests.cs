using RaftKv.Embedded.Log;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Node;

/// <summary>
/// An older copy of a data directory may have no entry, because it was taken before the node received one. It knows no voter, and has
/// forgotten every vote and entry of its newer state: it gives no vote until the initial members have checked how old it is.
/// </summary>
public sealed class EmptyDirectoryProofTests
{
    private static readonly string[] Initial = ["a", "b", "c"];
    private static readonly TimeSpan ElectionTimeout = new RaftKvOptions().ElectionTimeout;

    [Fact]
    public void A_new_directory_votes_at_once()
    {
        var node = Adopted(wasUsed: false, Initial);
        Assert.True(AskForVote(node));
    }

    [Fact]
    public void A_used_directory_without_an_entry_votes_once_all_initial_members_have_welcomed_it()
    {
        var node = Adopted(wasUsed: true, Initial);
        Welcome(node, "b");
        Assert.False(AskForVote(node));

        Welcome(node, "c");
        Assert.True(AskForVote(node));
    }

    [Fact]
    public void Five_election_timeouts_later_a_quorum_of_the_initial_members_suffices()
    {
        var node = Adopted(wasUsed: true, Initial);
        Welcome(node, "b");
        node.RunFor(4 * ElectionTimeout);
        Assert.False(AskForVote(node));

        node.RunFor(ElectionTimeout);
        Assert.True(AskForVote(node));
    }

    [Fact]
    public void It_dials_the_initial_members_because_one_that_has_seen_a_newer_state_must_tell_it()
    {
        var node = Adopted(wasUsed: true, Initial);
        Assert.Equal(["b:1", "c:1"], node.Transport.Peers.Select(p => p.Address).Order());
    }

    [Fact]
    public void A_used_directory_of_a_node_that_is_no_initial_member_waits_until_every_member_has_had_the_time_to_dial_it()
    {
        var node = Adopted(wasUsed: true, "b", "c");
        Welcome(node, "b");
        Welcome(node, "c");
        node.RunFor(4 * ElectionTimeout);
        Assert.False(AskForVote(node));

        node.RunFor(ElectionTimeout);
        Assert.True(AskForVote(node));
    }

    private static InMemoryNode Adopted(bool wasUsed, params string[] initialMembers)
    {
        var node = new InMemoryNode(RaftKvBootstrap.Never, countsStarts: true, wasUsed: wasUsed, initialMembers: initialMembers);
        Assert.True(node.ClusterBootstrap.TryAdopt(Guid.NewGuid(), out var start));
        node.Replica.Recover(start!);
        node.Run();
        return node;
    }

    private static PeerHello Hello(InMemoryNode node, string nodeId) => new()
    {
        NodeId = nodeId,
        Incarnation = new Guid(nodeId[0], 0, 0, new byte[8]),
        ClusterId = node.Identity.ClusterId,
    };

    private static void Welcome(InMemoryNode node, string nodeId)
    {
        node.Replica.Post(new PeerConnected(Hello(node, nodeId), $"{nodeId}:1"));
        node.Run();
    }

    /// <summary>Whether the node votes for "b", which has entries.</summary>
    private static bool AskForVote(InMemoryNode node)
    {
        node.Transport.Sent.Clear();
        node.Receive(Hello(node, "b"), new RequestVote(Term: 2, PreVote: false, new EntryId(1, 3), Transfer: true));
        node.Run();
        var replies = node.Transport.Take<VoteReply>();
        Assert.All(replies, r => Assert.True(r.Granted));
        return replies.Count > 0;
    }
}
