using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using Xunit;

namespace RaftKv.Embedded.Tests.Consensus;

/// <summary>A restarted node that knows that an entry is committed applies its log up to that entry without a leader.</summary>
public sealed class KnownCommitTests
{
    private static readonly ClusterConfiguration Three = new([Voter("n1"), Voter("n2"), Voter("n3")]);

    private readonly List<RaftEffect> _effects = [];

    [Fact]
    public void The_log_is_applied_up_to_it_and_no_further()
    {
        var node = Start(new EntryId(2, 3));

        Assert.Equal(3, node.CommitIndex);
        Assert.Equal([new Apply(1, 3)], _effects.OfType<Apply>());
        Assert.Equal(1, node.CommittedConfigurationIndex);
    }

    [Theory]
    [InlineData(2, 3, true)]
    [InlineData(1, 1, true)]
    [InlineData(1, 3, false)]
    [InlineData(3, 3, false)]
    [InlineData(2, 5, false)]
    [InlineData(0, 0, false)]
    public void Only_an_entry_of_the_log_is_taken_for_it(long term, long index, bool has) => Assert.Equal(has, At(default).HasInLog(new EntryId(term, index)));

    private static Member Voter(string name) => new(name, name + ":1", new Guid(name[1] - '0', 0, 0, new byte[8]), MemberRole.Voter);

    private static RaftStart At(EntryId committed) => new()
    {
        Term = 2,
        TermStarts = [new(1, 1), new(2, 2)],
        LastIndex = 4,
        Configurations = [new LogEntry(1, 1, 0, EntryKind.Configuration, Three.Encode())],
        Committed = committed,
    };

    private RaftCore Start(EntryId committed)
    {
        var core = new RaftCore(new RaftSettings { NodeId = "n1", Incarnation = Three.Find("n1")!.Incarnation, Seed = 1 }, At(committed));
        core.Initialize(new Moment(1, 0), _effects);
        return core;
    }
}
