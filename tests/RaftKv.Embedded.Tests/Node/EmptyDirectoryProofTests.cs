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

    [Fact]
    public void A_new_directory_votes_at_once()
    {
        var node = Adopted(wasUsed: false, Initial);
        Assert.True(AskForVote(node));
    }

    [Fact]
    public void A_used_directory_without_an_entry_votes_once_all_initial_members_have_welcomed_it_and_others_had_the_time_to_dial_it()
    {
        var node = Adopted(wasUsed: true, Initial);
        Welcome(node, "b");
        node.RunFor(TimeSpan.FromSeconds(3));
        Assert.False(AskForVote(node));

        Welcome(node, "c");
        Assert.True(AskForVote(node));
    }

    [Fact]
    public void The_welcome_of_all_initial_members_does_not_suffice_before_other_members_could_dial_it()
    {
        var node = Adopted(wasUsed: true, Initial);
        Welcome(node, "b");
        Welcome(node, "c");
        node.RunFor(TimeSpan.FromMilliseconds(2_900));
        Assert.False(AskForVote(node));
    }

    [Fact]
    public void An_old_configuration_that_it_receives_does_not_make_its_voters_the_only_ones_that_are_asked()
    {
        var node = Adopted(wasUsed: true, Initial);
        Member[] old = [new("a", "a:1", node.Identity.Incarnation, MemberRole.Voter), new("b", "b:1", Incarnation("b"), MemberRole.Voter)];
        var entry = new LogEntry(1, 1, 1, EntryKind.Configuration, new ClusterConfiguration(old).Encode());
        node.Receive(Hello(node, "b"), new AppendEntries(Term: 1, default, new[] { entry }, Commit: 1, Round: 1, LeaseMs: 0));
        node.Run();
        Welcome(node, "b");
        Assert.False(AskForVote(node));

        node.RunFor(TimeSpan.FromSeconds(3));
        Assert.True(AskForVote(node));
    }

    [Theory]
    [InlineData("a", "b", "c")]
    [InlineData("c", "d")]
    public void Ten_seconds_later_one_welcome_suffices_because_initial_members_may_be_gone(params string[] initial)
    {
        var node = Adopted(wasUsed: true, initial);
        Welcome(node, "b");
        node.RunFor(TimeSpan.FromSeconds(9));
        Assert.False(AskForVote(node));

        node.RunFor(TimeSpan.FromSeconds(1));
        Assert.True(AskForVote(node));
    }

    [Fact]
    public void Time_alone_proves_nothing()
    {
        var node = Adopted(wasUsed: true, "a");
        node.RunFor(TimeSpan.FromSeconds(20));
        Assert.False(AskForVote(node));
    }

    [Fact]
    public void Before_the_proof_the_leader_hears_how_much_of_a_snapshot_has_arrived()
    {
        var node = Adopted(wasUsed: true, "b", "c");
        node.Receive(Hello(node, "b"), new AppendEntries(Term: 2, default, default, Commit: 0, Round: 1, LeaseMs: 0));
        node.Receive(Hello(node, "b"), new InstallSnapshot(Term: 2, new EntryId(1, 3), TotalBytes: 100, Offset: 0, new byte[10], Round: 1));
        node.Run();

        var reply = Assert.Single(node.Transport.Take<InstallSnapshotReply>());
        Assert.Equal((10, false), (reply.NextOffset, reply.Installed));
    }

    [Fact]
    public void It_dials_the_initial_members_because_one_that_has_seen_a_newer_state_must_tell_it()
    {
        var node = Adopted(wasUsed: true, Initial);
        Assert.Equal(["b:1", "c:1"], node.Transport.Peers.Select(p => p.Address).Order());
    }

    private static InMemoryNode Adopted(bool wasUsed, params string[] initialMembers)
    {
        var node = new InMemoryNode(RaftKvBootstrap.Never, countsStarts: true, wasUsed: wasUsed, initialMembers: initialMembers);
        Assert.True(node.ClusterBootstrap.TryAdopt(Guid.NewGuid(), out var start));
        node.Replica.Recover(start!);
        node.Run();
        return node;
    }

    private static Guid Incarnation(string nodeId) => new(nodeId[0], 0, 0, new byte[8]);

    private static PeerHello Hello(InMemoryNode node, string nodeId) => new()
    {
        NodeId = nodeId,
        Incarnation = Incarnation(nodeId),
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
