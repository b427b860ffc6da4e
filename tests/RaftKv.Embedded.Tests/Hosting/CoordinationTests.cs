using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>Locks, leaderships and ephemeral keys, as an application uses them.</summary>
public sealed class CoordinationTests : IAsyncLifetime
{
    // A loss is noticed within a third of this time. A pause of a busy machine is shorter than all of it.
    private static readonly KvLockOptions Short = new() { TimeToLive = TimeSpan.FromSeconds(4) };

    private readonly TestFolder _folder = new();
    private TestNode _node = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IRaftKvCoordination Coordination => _node.Coordination;

    public async ValueTask InitializeAsync() => _node = await TestNode.StartAsync(o => o.DataDirectory = _folder.Path);

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Many_who_want_a_lock_have_it_one_after_the_other_in_the_order_of_their_tokens()
    {
        var holders = 0;
        var tokens = new List<KvVersion>();
        await Task.WhenAll(Enumerable.Range(0, 12).Select(async _ =>
        {
            await using var held = await Coordination.AcquireLockAsync("resource", cancellationToken: Cancel);
            Assert.Equal(1, Interlocked.Increment(ref holders));
            tokens.Add(held.FencingToken);
            await Task.Yield();
            Interlocked.Decrement(ref holders);
        }));

        Assert.Equal(12, tokens.Count);
        Assert.Equal(tokens.Order(), tokens);
        Assert.Equal(0, await _node.Kv.CountAsync(KvKeyRange.StartingWith(".locks/"), cancellationToken: Cancel));
    }

    [Fact]
    public async Task The_holder_of_a_lock_is_told_with_its_node_its_token_and_how_many_wait()
    {
        Assert.Null(await Coordination.GetHolderAsync("job", Cancel));
        var before = DateTimeOffset.UtcNow.AddSeconds(-1);
        var held = await Coordination.AcquireLockAsync("job", cancellationToken: Cancel);
        var next = Coordination.AcquireLockAsync("job", cancellationToken: Cancel).AsTask();
        KvLockHolder? holder;
        do
            holder = await Coordination.GetHolderAsync("job", Cancel);
        while (holder?.Waiting == 0);

        Assert.Equal((_node.Cluster.Status.NodeId, held.FencingToken, 1), (holder!.NodeId, holder.FencingToken, holder.Waiting));
        Assert.InRange(holder.AskedAt, before, DateTimeOffset.UtcNow.AddSeconds(1));
        await held.DisposeAsync();
        await using var second = await next;
        Assert.Equal(second.FencingToken, (await Coordination.GetHolderAsync("job", Cancel))!.FencingToken);
        Assert.Null(await Coordination.GetHolderAsync("another job", Cancel));
    }

    [Fact]
    public async Task A_watch_of_an_office_tells_each_leader_that_stays_and_when_there_is_none()
    {
        await using var leaders = Coordination.WatchLeaderAsync("office", Cancel).GetAsyncEnumerator(Cancel);
        Assert.Null(await NextAsync());
        var first = await Coordination.AcquireLockAsync("office", cancellationToken: Cancel);
        Assert.Equal(first.FencingToken, (await NextAsync())!.FencingToken);
        // A further request that waits for the lock does not change the leader.
        var waits = Coordination.AcquireLockAsync("office", cancellationToken: Cancel).AsTask();
        await first.DisposeAsync();
        var second = await waits;
        Assert.Equal(second.FencingToken, (await NextAsync())!.FencingToken);
        await second.DisposeAsync();
        Assert.Null(await NextAsync());

        async Task<KvLockHolder?> NextAsync()
        {
            Assert.True(await leaders.MoveNextAsync());
            return leaders.Current;
        }
    }

    [Fact]
    public async Task A_lock_that_is_held_cannot_be_had_at_once_and_another_name_is_another_lock()
    {
        await using var held = await Coordination.AcquireLockAsync("a", cancellationToken: Cancel);

        Assert.Null(await Coordination.TryAcquireLockAsync("a", cancellationToken: Cancel));
        await using var other = await Coordination.TryAcquireLockAsync("a/b", cancellationToken: Cancel);
        await held.ReleaseAsync(Cancel);
        await using var again = await Coordination.TryAcquireLockAsync("a", cancellationToken: Cancel);

        Assert.NotNull(again);
        Assert.True(again.FencingToken > held.FencingToken);
        Assert.True(held.LostToken.IsCancellationRequested);
        Assert.False(again.LostToken.IsCancellationRequested);
    }

    [Fact]
    public async Task A_write_under_the_lock_does_not_happen_once_it_is_somebody_elses()
    {
        var first = await Coordination.AcquireLockAsync("a", cancellationToken: Cancel);
        var guarded = new KvTransaction().If(first.StillHeld);
        guarded.Then.Set("state", "first"u8.ToArray());
        Assert.True((await _node.Kv.CommitAsync(guarded, Cancel)).Succeeded);

        await _node.Leases.RevokeAsync((await _node.Kv.GetAsync(first.Key, cancellationToken: Cancel)).LeaseId, Cancel);
        await using var second = await Coordination.AcquireLockAsync("a", cancellationToken: Cancel);

        Assert.False((await _node.Kv.CommitAsync(guarded, Cancel)).Succeeded);
        await first.DisposeAsync();
    }

    [Fact]
    public async Task Who_gives_up_leaves_the_line_and_the_next_gets_its_turn()
    {
        var held = await Coordination.AcquireLockAsync("a", cancellationToken: Cancel);
        using var impatience = new CancellationTokenSource();
        var gaveUp = Coordination.AcquireLockAsync("a", cancellationToken: impatience.Token).AsTask();
        await UntilInLineAsync(2);
        var waits = Coordination.AcquireLockAsync("a", cancellationToken: Cancel).AsTask();
        await UntilInLineAsync(3);

        await impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gaveUp);
        await UntilInLineAsync(2);
        Assert.False(waits.IsCompleted);
        await held.ReleaseAsync(Cancel);

        await using var next = await waits.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        Assert.True(next.FencingToken > held.FencingToken);
    }

    [Fact]
    public async Task A_place_in_line_that_is_lost_is_said()
    {
        await using var held = await Coordination.AcquireLockAsync("a", cancellationToken: Cancel);
        var waits = Coordination.AcquireLockAsync("a", Short, Cancel).AsTask();
        await UntilInLineAsync(2);
        var lost = await _node.Kv.ScanPageAsync(KvKeyRange.StartingWith(".locks/"), cancellationToken: Cancel);

        await _node.Leases.RevokeAsync((await _node.Kv.GetAsync(lost.Entries[1].Key, cancellationToken: Cancel)).LeaseId, Cancel);

        Assert.Equal(RaftKvLeaseError.NotFound, (await Assert.ThrowsAsync<RaftKvLeaseException>(() => waits.WaitAsync(TimeSpan.FromSeconds(30), Cancel))).Error);
    }

    [Fact]
    public async Task One_leads_at_a_time_and_who_loses_leadership_ends_its_work_and_stands_again()
    {
        var leads = new TaskCompletionSource<KvLock>();
        var leadsAgain = new TaskCompletionSource<KvLock>();
        var finish = new TaskCompletionSource();
        var runs = 0;
        var run = Coordination.RunWhenLeaderAsync("office", async (leadership, end) =>
        {
            if (++runs == 1)
            {
                leads.SetResult(leadership);
                await Task.Delay(Timeout.Infinite, end);
            }
            leadsAgain.SetResult(leadership);
            await finish.Task;
        }, Short, Cancel);
        var first = await leads.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        Assert.Null(await Coordination.TryAcquireLockAsync("office", cancellationToken: Cancel));

        await _node.Leases.RevokeAsync((await _node.Kv.GetAsync(first.Key, cancellationToken: Cancel)).LeaseId, Cancel);
        var second = await leadsAgain.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        finish.SetResult();
        await run.WaitAsync(TimeSpan.FromSeconds(30), Cancel);

        Assert.True(second.FencingToken > first.FencingToken);
        await using var free = await Coordination.TryAcquireLockAsync("office", cancellationToken: Cancel);
        Assert.NotNull(free);
    }

    [Fact]
    public async Task Work_that_fails_gives_leadership_up_and_a_cancelled_candidate_leaves()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => Coordination.RunWhenLeaderAsync("office", (_, _) => throw new InvalidOperationException(), cancellationToken: Cancel));
        await using var held = await Coordination.AcquireLockAsync("office", cancellationToken: Cancel);
        using var stop = new CancellationTokenSource();
        var candidate = Coordination.RunWhenLeaderAsync("office", (_, _) => Task.CompletedTask, cancellationToken: stop.Token);
        await UntilInLineAsync(2);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => candidate);
    }

    [Fact]
    public async Task Keys_of_the_process_go_when_its_host_stops()
    {
        var lease = await Coordination.SetEphemeralAsync("nodes/a", "up"u8.ToArray(), Cancel);
        Assert.Same(lease, await Coordination.SetEphemeralAsync("nodes/b", "up"u8.ToArray(), Cancel));
        Assert.Equal(2, await _node.Kv.CountAsync(KvKeyRange.StartingWith("nodes/"), cancellationToken: Cancel));

        await _node.Leases.RevokeAsync(lease.Id, Cancel);
        Assert.Equal(0, await _node.Kv.CountAsync(KvKeyRange.StartingWith("nodes/"), cancellationToken: Cancel));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        await using (lease.LostToken.Register(limit.Cancel))
        {
            try { await Task.Delay(Timeout.Infinite, limit.Token); } catch (OperationCanceledException) { }
        }
        await Coordination.SetEphemeralAsync("nodes/c", "up"u8.ToArray(), Cancel);
        await _node.StopAsync();
        _node = await TestNode.StartAsync(o => o.DataDirectory = _folder.Path);
        await _node.Cluster.WaitUntilReadyAsync(Cancel);

        Assert.Equal(0, await _node.Kv.CountAsync(KvKeyRange.StartingWith("nodes/"), cancellationToken: Cancel));
    }

    [Fact]
    public async Task Misuse_has_its_name()
    {
        await Assert.ThrowsAsync<ArgumentException>(async () => await Coordination.AcquireLockAsync("", cancellationToken: Cancel));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Coordination.AcquireLockAsync("a", new() { TimeToLive = TimeSpan.FromMilliseconds(1) }, Cancel));
        await Assert.ThrowsAsync<RaftKvLimitExceededException>(async () => await Coordination.AcquireLockAsync(new string('a', 5_000), cancellationToken: Cancel));
        await Assert.ThrowsAsync<ArgumentNullException>(() => Coordination.RunWhenLeaderAsync("a", null!, cancellationToken: Cancel));
    }

    private async Task UntilInLineAsync(int count)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (await _node.Kv.CountAsync(KvKeyRange.StartingWith(".locks/"), cancellationToken: limit.Token) != count)
            await Task.Delay(10, limit.Token);
    }
}
