using RaftKv.Contract.Tests.Fakes;
using RaftKv.Embedded;
using Xunit;

namespace RaftKv.Contract.Tests;

/// <summary>Default methods of cluster and coordination work on implementations that have only the required members.</summary>
public sealed class FakeClusterTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Members_are_added_as_voters_and_replaced_in_two_steps()
    {
        var fake = new FakeCluster();
        IRaftKvCluster cluster = fake;

        await cluster.AddMemberAsync("node2", "localhost:2", Cancel);
        await cluster.ReplaceMemberAsync("node2", "node3", "localhost:3", Cancel);

        Assert.Equal(["add node2 localhost:2 Voter", "add node3 localhost:3 Voter", "remove node2"], fake.Calls);
    }

    [Fact]
    public async Task Readiness_is_waited_for_and_refused_for_good()
    {
        var fake = new FakeCluster();
        IRaftKvCluster cluster = fake;
        var ready = cluster.WaitUntilReadyAsync(Cancel);
        Assert.False(ready.IsCompleted);

        fake.Status = fake.Status with { IsReady = true };
        await ready.WaitAsync(TimeSpan.FromSeconds(60), Cancel);

        fake.Status = fake.Status with { IsReady = false, Role = RaftKvRole.Removed };
        var refused = await Assert.ThrowsAsync<RaftKvUnavailableException>(() => cluster.WaitUntilReadyAsync(Cancel));
        Assert.Equal(RaftKvUnavailableReason.Removed, refused.Reason);
    }

    [Fact]
    public async Task A_change_of_the_status_is_seen_by_a_watch()
    {
        var fake = new FakeCluster();
        await using var statuses = ((IRaftKvCluster)fake).WatchStatusAsync(Cancel).GetAsyncEnumerator(Cancel);
        Assert.True(await statuses.MoveNextAsync());

        fake.Status = fake.Status with { LeaderId = "node2" };
        Assert.True(await statuses.MoveNextAsync());
        Assert.Equal("node2", statuses.Current.LeaderId);

        fake.Status = fake.Status with { Role = RaftKvRole.Stopped };
        Assert.True(await statuses.MoveNextAsync());
        Assert.False(await statuses.MoveNextAsync());
    }

    [Fact]
    public async Task Leadership_comes_from_the_lock_and_is_taken_again_when_it_is_lost()
    {
        var fake = new FakeCoordination(new FakeKv());
        IRaftKvCoordination coordination = fake;
        var terms = 0;

        await coordination.RunWhenLeaderAsync("job", async (leadership, stop) =>
        {
            Assert.Equal(leadership.FencingToken, (await coordination.GetHolderAsync("job", stop))!.FencingToken);
            if (++terms == 1)
            {
                fake["job"].Lose();
                await Task.Delay(Timeout.Infinite, stop);
            }
        }, cancellationToken: Cancel);

        Assert.Equal(2, terms);
        Assert.Null(await coordination.GetHolderAsync("job", Cancel));
    }

    [Fact]
    public async Task The_holder_of_a_lock_can_be_watched()
    {
        IRaftKvCoordination coordination = new FakeCoordination(new FakeKv());
        await using var holders = coordination.WatchLeaderAsync("job", Cancel).GetAsyncEnumerator(Cancel);
        Assert.True(await holders.MoveNextAsync());
        Assert.Null(holders.Current);

        await using var held = await coordination.AcquireLockAsync("job", cancellationToken: Cancel);
        Assert.True(await holders.MoveNextAsync());
        Assert.Equal(held.FencingToken, holders.Current!.FencingToken);
    }
}
