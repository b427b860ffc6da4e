using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using Xunit;

namespace RaftKv.Embedded.Tests.Consensus;

/// <summary>
/// A node that was just added receives configurations from before its own entry. They do not remove it, but a configuration after its entry
/// does.
/// </summary>
public class AddedNodeTests
{
    private static readonly Guid Self = Guid.NewGuid();
    private static readonly Member Leader = new("n1", "n1:1", Guid.NewGuid(), MemberRole.Voter);
    private static readonly Member Other = new("n2", "n2:1", Guid.NewGuid(), MemberRole.Voter);
    private static readonly ClusterConfiguration Without = new([Leader, Other]);
    private static readonly ClusterConfiguration WithNewNode = Without.With(new Member("n3", "n3:1", Self, MemberRole.Joining));

    private readonly List<RaftEffect> _effects = [];

    private static Moment Now => new(1, 0);

    [Fact]
    public void The_committed_configuration_before_its_own_does_not_remove_it()
    {
        var node = Start(new RaftStart());

        Append(node, default, commit: 1, Configuration(1, Without));
        Assert.Equal(RaftRole.Learner, node.Role);

        Append(node, new(1, 1), commit: 2, Configuration(2, WithNewNode));
        Assert.Equal(RaftRole.Learner, node.Role);
        Assert.DoesNotContain(_effects, e => e is RoleChanged { Role: RaftRole.Removed });
    }

    [Fact]
    public void Nor_does_a_predecessor_of_its_name()
    {
        var node = Start(new RaftStart());

        Append(node, default, commit: 1, Configuration(1, Without.With(new Member("n3", "n3:1", Guid.NewGuid(), MemberRole.Voter))));

        Assert.Equal(RaftRole.Learner, node.Role);
    }

    [Fact]
    public void Nor_does_an_installed_snapshot_from_before_its_entry_not_even_after_a_restart()
    {
        var node = Start(new RaftStart());
        node.Step(new MessageReceived(Now, "n1", new InstallSnapshot(1, new(1, 5), 10, 0, new byte[10], 1)), _effects);
        node.Step(new SnapshotChunkWritten(Now, "n1", new(1, 5), 10), _effects);
        node.Step(new SnapshotInstalled(Now, "n1", new(1, 5), true, Without, 1, LogTimeMs: 0), _effects);
        Assert.NotEqual(RaftRole.Removed, node.Role);

        var again = Start(new RaftStart
        {
            Term = 1,
            Snapshot = new(1, 5),
            LogBase = new(1, 5),
            LastIndex = 5,
            SnapshotConfiguration = Without,
            SnapshotConfigurationIndex = 1,
        });
        Assert.NotEqual(RaftRole.Removed, again.Role);
    }

    [Fact]
    public void A_new_node_whose_entry_was_given_up_was_never_a_member()
    {
        var node = Start(new RaftStart());
        Append(node, default, commit: 1, Configuration(1, Without), Configuration(2, WithNewNode));

        // A new leader, whose log does not contain the entry that added the node, overwrites that entry.
        Append(node, new(1, 1), 2, commit: 2, Configuration(2, Without.With(Other with { Address = "n2:2" }), term: 2));

        Assert.NotEqual(RaftRole.Removed, node.Role);
    }

    [Fact]
    public void A_configuration_behind_its_own_removes_it()
    {
        var node = Start(new RaftStart());

        Append(node, default, commit: 3, Configuration(1, Without), Configuration(2, WithNewNode), Configuration(3, Without));

        Assert.Equal(RaftRole.Removed, node.Role);
    }

    [Fact]
    public void A_snapshot_behind_its_removal_removes_a_voter_that_has_just_restarted()
    {
        // A restarted node does not know the commit index yet.
        var voter = Without.With(new Member("n3", "n3:1", Self, MemberRole.Voter));
        var node = Start(new RaftStart { Term = 1, LastIndex = 4, TermStarts = [new(1, 1)], Configurations = [Configuration(3, voter)] });

        node.Step(new MessageReceived(Now, "n1", new InstallSnapshot(2, new(2, 9), 10, 0, new byte[10], 1)), _effects);
        node.Step(new SnapshotChunkWritten(Now, "n1", new(2, 9), 10), _effects);
        node.Step(new SnapshotInstalled(Now, "n1", new(2, 9), true, Without, 8, LogTimeMs: 0), _effects);

        Assert.Equal(RaftRole.Removed, node.Role);
    }

    private RaftCore Start(RaftStart start)
    {
        var node = new RaftCore(new RaftSettings { NodeId = "n3", Incarnation = Self, Seed = 1 }, start);
        node.Initialize(Now, _effects);
        return node;
    }

    private void Append(RaftCore node, EntryId previous, long commit, params LogEntry[] entries) => Append(node, previous, 1, commit, entries);

    private void Append(RaftCore node, EntryId previous, long term, long commit, params LogEntry[] entries) =>
        node.Step(new MessageReceived(Now, term == 1 ? "n1" : "n2", new AppendEntries(term, previous, entries, commit, 1, 0)), _effects);

    private static LogEntry Configuration(long index, ClusterConfiguration configuration, long term = 1) => new(term, index, 0, EntryKind.Configuration, configuration.Encode());
}
