using RaftKv.Embedded.Node;
using Xunit;

namespace RaftKv.Embedded.Tests.Node;

/// <summary>The writes that wait for their outcomes, in the order of their sequences.</summary>
public sealed class PendingWritesTests
{
    private readonly PendingWrites _pending = new();

    [Fact]
    public void Sequences_begin_at_one_and_have_no_gap()
    {
        Assert.True(_pending.IsEmpty);
        var (first, second) = (Add(), Add());

        Assert.Equal((1, 2), (first.Sequence, second.Sequence));
        Assert.Same(second, _pending.Find(2));
        Assert.Null(_pending.Find(0));
        Assert.Null(_pending.Find(3));
    }

    [Fact]
    public void Low_stops_at_the_first_write_without_an_answer()
    {
        var (first, second, third) = (Add(), Add(), Add());

        Complete(second);
        Assert.Equal(1, _pending.Low);
        Complete(first);
        Assert.Equal(3, _pending.Low);
        Complete(third);
        Assert.Equal(4, _pending.Low);
        Assert.True(_pending.IsEmpty);
    }

    [Fact]
    public void Only_what_waits_is_found_and_walked_through_the_oldest_first()
    {
        var (first, second, third) = (Add(), Add(), Add());
        Complete(second);
        var waiting = new List<WriteOperation>();

        foreach (var write in _pending)
            waiting.Add(write);

        Assert.Equal([first, third], waiting);
        Assert.Null(_pending.Find(second.Sequence));
    }

    [Fact]
    public void The_ring_is_full_until_its_oldest_write_is_answered_and_then_takes_its_place()
    {
        var writes = Enumerable.Range(0, PendingWrites.Capacity).Select(_ => Add()).ToList();
        Assert.True(_pending.IsFull);
        Complete(writes[1]);
        Assert.True(_pending.IsFull);

        Complete(writes[0]);
        Assert.False(_pending.IsFull);
        var next = Add();

        Assert.Equal(PendingWrites.Capacity + 1, next.Sequence);
        Assert.Same(next, _pending.Find(next.Sequence));
        Assert.Null(_pending.Find(next.Sequence - PendingWrites.Capacity));
    }

    [Fact]
    public void A_new_session_never_uses_a_sequence_again()
    {
        var old = Add();
        _pending.Clear();

        Assert.True(_pending.IsEmpty);
        Assert.Null(_pending.Find(old.Sequence));
        var next = Add();
        Assert.True(next.Sequence > old.Sequence);
        Assert.Equal(next.Sequence, _pending.Low);
    }

    private WriteOperation Add()
    {
        var write = new WriteOperation([1], deadline: 0, static _ => { });
        _pending.Add(write);
        return write;
    }

    private static void Complete(WriteOperation write) => Assert.True(write.TryComplete(new KvWriteResult(true, new KvVersion(1))));
}
