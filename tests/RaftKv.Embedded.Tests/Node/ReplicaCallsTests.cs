using RaftKv.Embedded.Node;
using Xunit;

namespace RaftKv.Embedded.Tests.Node;

/// <summary>The outcome of calls that a node serves, cannot serve in time, or has not served when it ends.</summary>
public sealed class ReplicaCallsTests
{
    private readonly InMemoryNode _node = new();

    [Fact]
    public async Task The_first_write_bootstraps_a_cluster_of_one_and_later_ones_are_applied_in_their_order()
    {
        Assert.Equal(RaftKvRole.Unformed, _node.Replica.Status.Role);
        var writes = new[] { _node.Set("x"), _node.Set("y"), _node.Set("z") };

        _node.Run();

        var results = await Task.WhenAll(writes);
        Assert.All(results, r => Assert.True(r.Applied));
        Assert.Equal(results.OrderBy(r => r.Version.Value), results);
        Assert.Equal(RaftKvRole.Leader, _node.Replica.Status.Role);
        Assert.Equal(3, _node.Replica.Status.KeyCount);
    }

    [Fact]
    public async Task A_node_alone_is_ready_before_it_has_a_cluster_and_serves_reads_at_once()
    {
        _node.Run();
        Assert.Equal(RaftKvReadiness.Ready, _node.Replica.Readiness);
        Assert.Equal(TimeSpan.Zero, _node.Replica.Age);

        var read = _node.Read();
        _node.Run();
        await read.Ready;
    }

    [Fact]
    public async Task A_write_on_a_node_without_a_cluster_ends_in_time_and_had_no_effect()
    {
        var node = new InMemoryNode(RaftKvBootstrap.Never);
        var write = node.Set("x");
        node.RunFor(node.RequestTimeout - TimeSpan.FromMilliseconds(100));
        Assert.False(write.IsCompleted);

        node.RunFor(TimeSpan.FromMilliseconds(200));

        var error = await Assert.ThrowsAsync<RaftKvUnavailableException>(() => write);
        Assert.Equal(RaftKvUnavailableReason.NotFormed, error.Reason);
    }

    [Fact]
    public async Task A_read_on_a_node_without_a_cluster_ends_in_time()
    {
        var node = new InMemoryNode(RaftKvBootstrap.Never);
        var read = node.Read();

        node.RunFor(node.RequestTimeout + TimeSpan.FromMilliseconds(100));

        var error = await Assert.ThrowsAsync<RaftKvUnavailableException>(async () => await read.Ready);
        Assert.Equal(RaftKvUnavailableReason.NotFormed, error.Reason);
    }

    [Fact]
    public void Readers_between_two_turns_share_a_batch_and_the_next_one_gets_another()
    {
        _ = _node.Set("x");
        _node.Run();
        var first = _node.Read();
        Assert.Same(first, _node.Read());

        _node.Run();

        Assert.True(first.IsCompleted);
        Assert.NotSame(first, _node.Read());
    }

    [Fact]
    public void A_caller_on_an_idle_node_takes_the_turn_itself()
    {
        _ = _node.Set("x");
        _node.Run();
        var batch = _node.Replica.JoinReads(out _);

        _node.Replica.Turns.PostFromCaller(batch);

        Assert.True(batch.IsCompleted);
    }

    [Fact]
    public async Task A_fault_ends_what_waits_and_what_comes_later_with_its_cause()
    {
        var node = new InMemoryNode(RaftKvBootstrap.Never);
        var faults = 0;
        node.Replica.Faulted += () => faults++;
        var cause = new RaftKvStorageException(RaftKvStorageError.Io, "The disk is broken.");
        var (write, read) = (node.Set("x"), node.Read());
        node.Run();

        node.Replica.Post(new FaultHappened(cause));
        node.Replica.Post(new FaultHappened(new InvalidOperationException()));
        node.Run();
        var late = node.Set("y");
        node.Run();

        foreach (var call in new[] { write, read.Ready.AsTask(), late })
            Assert.Same(cause, (await Assert.ThrowsAsync<RaftKvUnavailableException>(() => call)).InnerException);
        Assert.Equal(1, faults);
        Assert.Equal(RaftKvReadiness.Faulted, node.Replica.Readiness);
        Assert.Equal(cause.Message, node.Replica.Status.Fault);
    }

    [Fact]
    public async Task A_stop_finishes_the_writes_that_were_taken_and_refuses_new_ones()
    {
        var done = new TaskCompletionSource();
        var taken = _node.Set("x");
        _node.Replica.Post(new StopWanted(done));
        var late = _node.Set("y");

        _node.RunFor(TimeSpan.FromMilliseconds(100));

        Assert.True((await taken).Applied);
        Assert.Equal(RaftKvUnavailableReason.Stopping, (await Assert.ThrowsAsync<RaftKvUnavailableException>(() => late)).Reason);
        Assert.True(done.Task.IsCompleted);
        Assert.Equal(RaftKvReadiness.Stopped, _node.Replica.Readiness);
    }

    [Fact]
    public async Task What_is_posted_after_the_last_turn_is_refused_on_the_thread_that_posts_it()
    {
        _node.Replica.End();

        var write = _node.Set("x");

        Assert.Equal(RaftKvUnavailableReason.Stopping, (await Assert.ThrowsAsync<RaftKvUnavailableException>(() => write)).Reason);
    }

    [Fact]
    public void Those_who_watch_the_status_hear_of_a_new_role()
    {
        var changed = _node.Replica.Changed;
        _node.Run();
        Assert.False(changed.IsCompleted);

        _ = _node.Set("x");
        _node.Run();

        Assert.True(changed.IsCompleted);
        Assert.Equal("a", _node.Replica.LeaderId);
    }
}
