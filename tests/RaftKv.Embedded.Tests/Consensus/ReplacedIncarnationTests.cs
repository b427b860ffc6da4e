using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using Xunit;

namespace RaftKv.Embedded.Tests.Consensus;

/// <summary>
/// A node that was removed, lost its disk and was added again receives configurations that contain its previous incarnation.
/// </summary>
public class ReplacedIncarnationTests
{
    private static readonly Guid Before = Guid.NewGuid();
    private static readonly Guid CurrentDisk = Guid.NewGuid();

    private readonly List<RaftEffect> _effects = [];
    private long _ticks = 1;

    private Moment Now => new(_ticks, 0);

    [Fact]
    public void It_does_not_elect_itself_with_the_vote_of_the_only_voter_it_was()
    {
        var node = Start(CurrentDisk, new Member("n1", "n1:1", Before, MemberRole.Voter),
            new Member("n3", "n3:1", Guid.NewGuid(), MemberRole.Joining));
        for (var i = 0; i < 20; i++)
            Pass(node);

        Assert.NotEqual(RaftRole.Leader, node.Role);
        Assert.Equal(3, node.Term);
        Assert.DoesNotContain(_effects, e => e is Send { Message: RequestVote });
    }

    [Fact]
    public void It_does_not_count_its_vote_for_that_of_the_one_it_was()
    {
        var old = new ClusterConfiguration(
            [new Member("n1", "n1:1", CurrentDisk, MemberRole.Voter), new Member("n2", "n2:1", Guid.NewGuid(), MemberRole.Voter)]);
        // The latest configuration, which is not known to be committed, gives the name of this node to another incarnation.
        var next = old.With(new Member("n1", "n1:1", Before, MemberRole.Voter));
        var node = new RaftCore(new RaftSettings { NodeId = "n1", Incarnation = CurrentDisk, Seed = 1 }, new RaftStart
        {
            Term = 3, Snapshot = new(1, 1), LogBase = new(1, 1), SnapshotConfiguration = old, SnapshotConfigurationIndex = 1, LastIndex = 2, TermStarts = [new(3, 2)],
            Configurations = [new LogEntry(3, 2, 0, EntryKind.Configuration, next.Encode())],
        });
        node.Initialize(Now, _effects);
        for (var i = 0; node.Role != RaftRole.PreCandidate && i < 20; i++)
            Pass(node);

        node.Step(new MessageReceived(Now, "n2", new VoteReply(node.Term + 1, PreVote: true, Granted: true)), _effects);

        Assert.Equal(RaftRole.PreCandidate, node.Role);
    }

    [Fact]
    public void With_the_disk_that_the_configuration_names_it_leads_at_once()
    {
        var node = Start(CurrentDisk, new Member("n1", "n1:1", CurrentDisk, MemberRole.Voter));
        for (var i = 0; node.Role != RaftRole.Leader && i < 20; i++)
            Pass(node);

        Assert.Equal(RaftRole.Leader, node.Role);
    }

    private RaftCore Start(Guid incarnation, params Member[] members)
    {
        var node = new RaftCore(new RaftSettings { NodeId = "n1", Incarnation = incarnation, Seed = 1 }, new RaftStart
        {
            Term = 3, Snapshot = new(1, 1), LogBase = new(1, 1), LastIndex = 1, SnapshotConfiguration = new ClusterConfiguration(members), SnapshotConfigurationIndex = 1,
        });
        node.Initialize(Now, _effects);
        return node;
    }

    private void Pass(RaftCore node)
    {
        _ticks = Math.Max(_ticks + 1, Math.Min(node.Deadline, _ticks + TimeSpan.FromSeconds(1).Ticks));
        node.Step(new TimePassed(Now), _effects);
    }
}
