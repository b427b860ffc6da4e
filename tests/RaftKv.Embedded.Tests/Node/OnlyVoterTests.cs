using RaftKv.Embedded.Log;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Node;

/// <summary>
/// A node whose data directory was put back to the time when it was the only voter. It leads alone, and what it writes then is committed
/// for it and was never in the cluster.
/// </summary>
public sealed class OnlyVoterTests
{
    private readonly InMemoryNode _node = new(countsStarts: true, wasUsed: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void When_it_is_told_that_its_directory_is_older_it_stops_and_starts_on_that_directory_no_more(bool isLed)
    {
        Lead();

        _node.Replica.Post(new RollbackReported("b", _node.Identity.Incarnation, isLed));
        _node.Run();

        Assert.Equal(RaftKvRole.Faulted, _node.Replica.Role);
        Assert.Contains("entries that the cluster never had", _node.Replica.Status.Fault, StringComparison.Ordinal);
        var disk = _node.Files.Image();
        using var directory = DataDirectory.Open(disk, "/data");
        var error = Assert.Throws<RaftKvStorageException>(() => DirectoryMarkers.ThrowIfDiverged(disk, directory));
        Assert.Equal(RaftKvStorageError.Damaged, error.Error);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_leader_that_was_elected_without_its_vote_proves_that_its_directory_is_older(int laterTerms)
    {
        Lead();
        var term = _node.Replica.Core!.Term;

        _node.Receive(Hello("b"), new AppendEntries(term + laterTerms, new EntryId(term, 9), default, Commit: 9, Round: 1, LeaseMs: 0));
        _node.Run();

        Assert.Equal(RaftKvRole.Faulted, _node.Replica.Role);
        Assert.Contains("entries that the cluster never had", _node.Replica.Status.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_late_message_of_an_earlier_leader_proves_nothing()
    {
        Lead();
        var term = _node.Replica.Core!.Term;

        _node.Receive(Hello("b"), new AppendEntries(term - 1, default, default, Commit: 1, Round: 1, LeaseMs: 0));
        _node.Run();

        Assert.Equal(RaftKvRole.Leader, _node.Replica.Role);
    }

    [Fact]
    public void Before_it_has_written_anything_it_becomes_a_learner_that_the_cluster_admits()
    {
        Member[] alone = [new("a", "a:1", _node.Identity.Incarnation, MemberRole.Voter)];
        var start = _node.ClusterBootstrap.TryBootstrap(alone)!;
        var old = _node.Identity.Incarnation;
        _node.Replica.Recover(start);
        _node.Replica.Post(new RollbackReported("b", old, isLed: false));
        _node.Run();
        _node.RunFor(TimeSpan.FromSeconds(5));

        Assert.Equal(RaftKvRole.Learner, _node.Replica.Role);
        Assert.NotEqual(old, _node.Identity.Incarnation);
    }

    private PeerHello Hello(string nodeId) => new()
    {
        NodeId = nodeId,
        Incarnation = new Guid(nodeId[0], 0, 0, new byte[8]),
        ClusterId = _node.Identity.ClusterId,
    };

    private void Lead()
    {
        _ = _node.Set("x");
        _node.Run();
        _node.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(RaftKvRole.Leader, _node.Replica.Role);
    }
}
