using System.Runtime.CompilerServices;
using RaftKv.Embedded.Log;
using Xunit;

namespace RaftKv.Embedded.Tests.Node;

/// <summary>What a read on a follower waits for, and when it ends.</summary>
public sealed class PendingReadsTests
{
    private readonly InMemoryNode _node = new(RaftKvBootstrap.Never);
    private readonly ScriptedLeader _leader;

    public PendingReadsTests()
    {
        _leader = new ScriptedLeader(_node);
        // The node itself sends the first request, because it has to catch up.
        Answer(AskedId(), _leader.LastIndex);
    }

    [Fact]
    public void A_read_ends_when_the_leader_has_told_its_read_index_and_that_is_applied()
    {
        var read = _node.Read();
        _node.Run();
        Assert.False(read.IsCompleted);

        Answer(AskedId(), _leader.LastIndex);

        Assert.True(read.IsCompleted);
        Assert.Null(read.Error);
    }

    [Fact]
    public void A_read_index_that_is_not_applied_here_is_waited_for()
    {
        var read = _node.Read();
        _node.Run();
        Answer(AskedId(), _leader.LastIndex + 1);
        _leader.RunFor(TimeSpan.FromMilliseconds(100));
        Assert.False(read.IsCompleted);

        _leader.Set("x");

        Assert.True(read.IsCompleted);
        Assert.Null(read.Error);
    }

    [Fact]
    public void A_request_that_failed_is_repeated_and_answers_to_the_old_one_count_no_more()
    {
        var read = _node.Read();
        _node.Run();
        var first = AskedId();
        Answer(first, -1);
        Assert.Empty(_node.Transport.Take<ReadIndexRequest>());
        Assert.False(read.IsCompleted);

        _leader.RunFor(TimeSpan.FromMilliseconds(150));
        var second = AskedId();
        Assert.NotEqual(first, second);
        Answer(first, _leader.LastIndex);
        Assert.False(read.IsCompleted);
        Answer(second, _leader.LastIndex);

        Assert.True(read.IsCompleted);
    }

    [Fact]
    public void Reads_that_come_while_a_request_is_under_way_wait_for_the_next_one()
    {
        var first = _node.Read();
        _node.Run();
        var firstId = AskedId();
        var second = _node.Read();
        _node.Run();
        Assert.Empty(_node.Transport.Take<ReadIndexRequest>());

        Answer(firstId, _leader.LastIndex);
        Assert.True(first.IsCompleted);
        Assert.False(second.IsCompleted);

        Answer(AskedId(), _leader.LastIndex);
        Assert.True(second.IsCompleted);
    }

    [Fact]
    public void A_read_that_gets_no_read_index_in_time_ends_with_the_reason()
    {
        var read = _node.Read();
        _leader.RunFor(_node.RequestTimeout + TimeSpan.FromMilliseconds(100));

        Assert.NotEqual(RaftKvUnavailableReason.NotReady, Assert.IsType<RaftKvUnavailableException>(read.Error).Reason);
    }

    [Fact]
    public void A_read_whose_index_is_not_applied_in_time_says_so()
    {
        var read = _node.Read();
        _node.Run();
        Answer(AskedId(), _leader.LastIndex + 1);

        _leader.RunFor(_node.RequestTimeout + TimeSpan.FromMilliseconds(100));

        Assert.Equal(RaftKvUnavailableReason.NotReady, Assert.IsType<RaftKvUnavailableException>(read.Error).Reason);
    }

    [Fact]
    public void A_fault_ends_reads_in_every_state()
    {
        var applying = _node.Read();
        _node.Run();
        Answer(AskedId(), _leader.LastIndex + 1);
        var failed = _node.Read();
        _node.Run();
        Answer(AskedId(), -1);
        var asked = _node.Read();
        _node.Run();

        _node.Replica.Post(new RaftKv.Embedded.Node.FaultHappened(new InvalidOperationException()));
        _node.Run();

        Assert.All([applying, failed, asked], read => Assert.IsType<RaftKvUnavailableException>(read.Error));
    }

    [Fact]
    public void A_read_that_has_timed_out_is_not_kept_until_its_index_is_applied()
    {
        var read = ReadThatTimesOut();

        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        Assert.False(read.IsAlive);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference ReadThatTimesOut()
    {
        var read = _node.Read();
        _node.Run();
        Answer(AskedId(), _leader.LastIndex + 1);
        _leader.RunFor(_node.RequestTimeout + TimeSpan.FromSeconds(1));
        Assert.IsType<RaftKvUnavailableException>(read.Error);
        return new WeakReference(read);
    }

    private long AskedId() => Assert.Single(_node.Transport.Take<ReadIndexRequest>()).Id;

    private void Answer(long id, long index) => _leader.Send(new ReadIndexReply(ScriptedLeader.Term, id, index));
}
