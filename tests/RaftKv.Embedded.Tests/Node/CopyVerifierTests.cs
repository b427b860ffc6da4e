using RaftKv.Embedded.Log;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Node;

/// <summary>Members compare their copies; one that differs from the majority is quarantined.</summary>
public sealed class CopyVerifierTests
{
    private readonly InMemoryNode _node = new(RaftKvBootstrap.Never);
    private readonly ScriptedLeader _leader;

    public CopyVerifierTests() => _leader = new ScriptedLeader(_node);

    [Fact]
    public void A_follower_tells_the_fingerprint_of_its_copy_once_it_is_as_far_as_the_question()
    {
        _leader.Send(new IntegrityProbe(_leader.LastIndex + 1));
        Assert.Empty(_node.Transport.Take<IntegrityAnswer>());

        _leader.Set("x");
        _leader.RunFor(TimeSpan.FromMilliseconds(50));

        var answer = Assert.Single(_node.Transport.Take<IntegrityAnswer>());
        Assert.Equal((_leader.LastIndex, _leader.Fingerprint), (answer.Index, answer.Fingerprint));
    }

    [Fact]
    public void A_question_of_a_version_that_counts_otherwise_is_not_answered()
    {
        _leader.Send(new IntegrityProbe(_leader.LastIndex) { SumVersion = 0 });
        Assert.Empty(_node.Transport.Take<IntegrityAnswer>());
    }

    [Fact]
    public async Task A_verdict_of_the_leader_ends_the_calls_of_the_node_and_that_of_another_member_does_not()
    {
        var (read, write) = (_node.Read(), _node.Set("x"));
        _node.Run();
        _leader.Send("c", new IntegrityVerdict(_leader.LastIndex));
        Assert.Null(_node.Replica.Status.Quarantine);
        Assert.False(read.IsCompleted);

        _leader.Send(new IntegrityVerdict(_leader.LastIndex));

        Assert.NotNull(_node.Replica.Status.Quarantine);
        Assert.IsType<RaftKvUnavailableException>(read.Error);
        await Assert.ThrowsAnyAsync<Exception>(() => write);
        var later = _node.Set("y");
        _node.Run();
        await Assert.ThrowsAsync<RaftKvUnavailableException>(() => later);
        // A fingerprint would be that of the copy in doubt.
        _leader.Send(new IntegrityProbe(_leader.LastIndex));
        Assert.Empty(_node.Transport.Take<IntegrityAnswer>());
    }

    [Fact]
    public void A_leader_notes_up_to_where_all_copies_are_equal_and_tells_one_that_differs()
    {
        var node = new InMemoryNode();
        _ = node.Set("x");
        node.Run();
        var b = node.AddLearner("b");
        node.RunFor(TimeSpan.FromSeconds(3));

        var probe = node.Transport.Take<IntegrityProbe>()[^1];
        Assert.Equal(node.Replica.Status.AppliedIndex, probe.Index);
        node.Receive(b, new IntegrityAnswer(probe.Index, node.Applier.State.Fingerprint));
        node.Run();
        Assert.Equal(probe.Index, node.Replica.Status.VerifiedIndex);

        _ = node.Set("y");
        node.RunFor(TimeSpan.FromSeconds(3));
        probe = node.Transport.Take<IntegrityProbe>()[^1];
        node.Receive(b, new IntegrityAnswer(probe.Index, node.Applier.State.Fingerprint + 1));
        node.Run();

        Assert.Equal(probe.Index, Assert.Single(node.Transport.Take<IntegrityVerdict>()).Index);
        Assert.True(node.Replica.Status.VerifiedIndex < probe.Index);
        Assert.Null(node.Replica.Status.Quarantine);
    }

    /// <summary>
    /// A copy that was replaced has no fingerprint of the entry of the verdict, and no newer entry is compared while none is written.
    /// </summary>
    [Fact]
    public void A_member_is_told_once_for_each_answer_that_differs_also_when_the_others_are_asked_again()
    {
        var node = new InMemoryNode();
        var (b, c) = (AddLearner(node, "b"), AddLearner(node, "c"));
        _ = node.Set("x");
        node.RunFor(TimeSpan.FromSeconds(3));
        var index = node.Transport.Take<IntegrityProbe>()[^1].Index;
        var right = new IntegrityAnswer(index, node.Applier.State.Fingerprint);
        var wrong = new IntegrityAnswer(index, right.Fingerprint + 1);
        Receive(b, right);
        Receive(c, wrong);
        Assert.Equal(index, Assert.Single(node.Transport.Take<IntegrityVerdict>()).Index);

        for (var i = 0; i < 2; i++)
        {
            node.RunFor(TimeSpan.FromSeconds(1));
            Assert.Equal(index, node.Transport.Take<IntegrityProbe>()[^1].Index);
            Receive(b, right);
        }
        Assert.Empty(node.Transport.Take<IntegrityVerdict>());
        Assert.True(node.Replica.Status.VerifiedIndex < index);

        // The verdict was lost, and the member answers as before.
        Receive(c, wrong);
        Assert.Equal(("c", new IntegrityVerdict(index)), Assert.Single(node.Transport.Sent, s => s.Message is IntegrityVerdict));
        Receive(c, right);
        Assert.Equal(index, node.Replica.Status.VerifiedIndex);

        void Receive(PeerHello from, IntegrityAnswer answer)
        {
            node.Receive(from, answer);
            node.RunFor(TimeSpan.FromMilliseconds(50));
        }
    }

    private static PeerHello AddLearner(InMemoryNode node, string nodeId)
    {
        var learner = node.AddLearner(nodeId);
        node.RunFor(TimeSpan.FromSeconds(1));
        return learner;
    }
}
