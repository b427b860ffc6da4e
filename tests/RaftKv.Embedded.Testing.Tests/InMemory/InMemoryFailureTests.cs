using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace RaftKv.Embedded.Testing.Tests.InMemory;

/// <summary>Failures happen when a test orders them, and calls fail with the errors of the product.</summary>
public sealed class InMemoryFailureTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly InMemoryRaftKv _kv;

    public InMemoryFailureTests() => _kv = new InMemoryRaftKv(_time);

    public static TheoryData<RaftKvUnavailableReason> Reasons => [.. Enum.GetValues<RaftKvUnavailableReason>()];

    public void Dispose() => _kv.Dispose();

    [Theory]
    [MemberData(nameof(Reasons))]
    public async Task Calls_are_refused_for_the_reason_until_it_is_over(RaftKvUnavailableReason reason)
    {
        _kv.Fail(reason);

        var error = await Assert.ThrowsAsync<RaftKvUnavailableException>(async () =>
        {
            await _kv.GetAsync("a", cancellationToken: Token);
            await _kv.SetAsync("a", new byte[1], cancellationToken: Token);
        });
        Assert.Equal(reason, error.Reason);
        Assert.Equal(KvOutcome.NotApplied, error.Outcome);

        _kv.Recover();
        Assert.True((await _kv.SetAsync("a", new byte[1], cancellationToken: Token)).Applied);
    }

    [Fact]
    public async Task Without_a_leader_stale_reads_go_on_and_the_status_says_so()
    {
        await _kv.SetAsync("a", new byte[1], cancellationToken: Token);
        _kv.Fail(RaftKvUnavailableReason.NoLeader);

        Assert.True((await _kv.GetAsync("a", KvReadOptions.Stale, Token)).Found);
        Assert.True((await _kv.GetAsync("a", new KvReadOptions { StaleWithoutLeader = true }, Token)).Found);
        await Assert.ThrowsAsync<RaftKvUnavailableException>(async () => await _kv.GetAsync("a", cancellationToken: Token));
        Assert.Null(_kv.Cluster.Status.LeaderId);
        Assert.Equal(RaftKvReadiness.NoLeader, _kv.Cluster.Status.Readiness);
        await Assert.ThrowsAsync<RaftKvUnavailableException>(() => _kv.Cluster.TransferLeadershipAsync(cancellationToken: Token));
    }

    [Fact]
    public async Task The_status_can_be_watched_through_a_failure()
    {
        await using var states = _kv.Cluster.WatchStatusAsync(Token).GetAsyncEnumerator(Token);
        Assert.True(await states.MoveNextAsync());
        Assert.NotNull(states.Current.LeaderId);
        var next = states.MoveNextAsync();

        _kv.Fail(RaftKvUnavailableReason.NoLeader);

        Assert.True(await next);
        Assert.Null(states.Current.LeaderId);
    }

    [Fact]
    public async Task A_full_disk_refuses_what_adds_data_and_nothing_else()
    {
        await _kv.SetAsync("a", new byte[1], cancellationToken: Token);
        _kv.Fail(RaftKvUnavailableReason.NoSpace);

        await Assert.ThrowsAsync<RaftKvUnavailableException>(async () => await _kv.SetAsync("b", new byte[1], cancellationToken: Token));
        Assert.True((await _kv.GetAsync("a", cancellationToken: Token)).Found);
        Assert.True((await _kv.DeleteAsync("a", cancellationToken: Token)).Applied);
        Assert.True(_kv.Cluster.Status.IsDiskFull);
    }

    [Fact]
    public async Task As_many_calls_fail_as_were_ordered()
    {
        _kv.FailNext(RaftKvUnavailableReason.Overloaded, calls: 2);

        Assert.False((await _kv.GetAsync("a", cancellationToken: Token)).Found);
        await Assert.ThrowsAsync<RaftKvUnavailableException>(async () => await _kv.SetAsync("a", new byte[1], cancellationToken: Token));
        await Assert.ThrowsAsync<RaftKvUnavailableException>(async () => await _kv.SetAsync("a", new byte[1], cancellationToken: Token));
        Assert.True((await _kv.SetAsync("a", new byte[1], cancellationToken: Token)).Applied);
    }

    [Fact]
    public async Task Only_writes_of_the_keys_that_were_ordered_fail()
    {
        _kv.FailNextWrite(RaftKvUnavailableReason.NoQuorum, key => key.StartsWith("orders/", StringComparison.Ordinal), writes: 3);

        Assert.True((await _kv.SetAsync("cart", new byte[1], cancellationToken: Token)).Applied);
        Assert.False((await _kv.GetAsync("orders/1", cancellationToken: Token)).Found);
        var transaction = new KvTransaction();
        transaction.Then.Set("cart", new byte[1]).Increment("orders/count", 1);
        foreach (var write in (Func<Task>[])
        [
            async () => await _kv.SetAsync("orders/1", new byte[1], cancellationToken: Token),
            async () => await _kv.CommitAsync(transaction, Token),
            async () => await _kv.DeleteAsync("orders/1", cancellationToken: Token),
        ])
        {
            Assert.Equal(RaftKvUnavailableReason.NoQuorum, (await Assert.ThrowsAsync<RaftKvUnavailableException>(write)).Reason);
        }
        Assert.True((await _kv.SetAsync("orders/1", new byte[1], cancellationToken: Token)).Applied);
        Assert.Throws<ArgumentOutOfRangeException>(() => _kv.FailNextWrite(RaftKvUnavailableReason.StaleRead, static _ => true));
    }

    [Fact]
    public async Task The_outcome_is_lost_of_the_writes_of_the_keys_that_were_ordered()
    {
        _kv.FailNextOutcomeUnknown(applied: true, key => key == "a");

        Assert.True((await _kv.SetAsync("b", new byte[1], cancellationToken: Token)).Applied);
        await Assert.ThrowsAsync<RaftKvOutcomeUnknownException>(async () => await _kv.SetAsync("a", new byte[1], cancellationToken: Token));
        Assert.True((await _kv.GetAsync("a", cancellationToken: Token)).Found);
        Assert.True((await _kv.SetAsync("a", new byte[2], cancellationToken: Token)).Applied);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_outcome_of_a_write_is_lost_whether_it_is_applied_or_not(bool applied)
    {
        _kv.FailNextOutcomeUnknown(applied);

        var error = await Assert.ThrowsAsync<RaftKvOutcomeUnknownException>(
            async () => await _kv.SetAsync("a", new byte[1], cancellationToken: Token));

        Assert.Equal(KvOutcome.Unknown, error.Outcome);
        Assert.Equal(applied, (await _kv.GetAsync("a", cancellationToken: Token)).Found);
        Assert.True((await _kv.SetAsync("b", new byte[1], cancellationToken: Token)).Applied);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_outcome_of_a_transaction_is_lost_whether_it_is_applied_or_not(bool applied)
    {
        _kv.FailNextOutcomeUnknown(applied);
        var transaction = new KvTransaction();
        transaction.Then.Increment("n", 1);

        await Assert.ThrowsAsync<RaftKvOutcomeUnknownException>(async () => await _kv.CommitAsync(transaction, Token));

        Assert.Equal(applied, (await _kv.GetAsync("n", cancellationToken: Token)).Found);
    }

    [Fact]
    public async Task A_lock_is_lost_on_demand_and_the_next_in_the_line_gets_it()
    {
        var first = await _kv.Coordination.AcquireLockAsync("reports", cancellationToken: Token);
        var waiting = _kv.Coordination.AcquireLockAsync("reports", cancellationToken: Token).AsTask();

        Assert.True(await _kv.LoseLockAsync("reports"));

        Assert.True(first.LostToken.IsCancellationRequested);
        var second = await waiting;
        Assert.True(second.FencingToken > first.FencingToken);
        Assert.False(second.LostToken.IsCancellationRequested);
        Assert.False(await _kv.LoseLockAsync("none"));
    }

    [Fact]
    public async Task A_leadership_is_lost_on_demand_and_taken_up_again()
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var terms = System.Threading.Channels.Channel.CreateUnbounded<KvLock>();
        var leading = _kv.Coordination.RunWhenLeaderAsync("job", async (leadership, token) =>
        {
            terms.Writer.TryWrite(leadership);
            await Task.Delay(Timeout.Infinite, token);
        }, cancellationToken: end.Token);

        var first = await terms.Reader.ReadAsync(Token);
        await _kv.LoseLockAsync("job");
        var second = await terms.Reader.ReadAsync(Token);

        Assert.True(second.FencingToken > first.FencingToken);
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leading);
    }

    [Fact]
    public async Task Leases_are_not_renewed_while_there_is_no_leader()
    {
        var lease = await _kv.Leases.GrantAsync(TimeSpan.FromSeconds(15), Token);
        _kv.Fail(RaftKvUnavailableReason.NoLeader);

        for (var i = 0; i < 15; i++)
            _time.Advance(TimeSpan.FromSeconds(1));

        Assert.True(lease.IsLost);
    }

    [Fact]
    public async Task A_delayed_call_ends_when_its_time_has_passed()
    {
        _kv.Delay(TimeSpan.FromMilliseconds(300));
        var write = _kv.SetAsync("a", new byte[1], cancellationToken: Token).AsTask();
        Assert.False(write.IsCompleted);

        _time.Advance(TimeSpan.FromMilliseconds(299));
        Assert.False(write.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.True((await write).Applied);
        _kv.Recover();
        Assert.True(_kv.GetAsync("a", cancellationToken: Token).IsCompleted);
    }

    [Fact]
    public async Task A_delay_beyond_the_request_timeout_ends_calls_as_the_product_does()
    {
        _kv.Delay(TimeSpan.FromMinutes(1));
        var write = _kv.SetAsync("a", new byte[1], cancellationToken: Token).AsTask();
        var read = _kv.GetAsync("a", cancellationToken: Token).AsTask();

        _time.Advance(TimeSpan.FromMinutes(1));

        await Assert.ThrowsAsync<RaftKvOutcomeUnknownException>(() => write);
        Assert.Equal(RaftKvUnavailableReason.NoQuorum, (await Assert.ThrowsAsync<RaftKvUnavailableException>(() => read)).Reason);
    }

    [Fact]
    public async Task A_delayed_call_can_be_cancelled()
    {
        _kv.Delay(TimeSpan.FromSeconds(1));
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var write = _kv.SetAsync("a", new byte[1], cancellationToken: cancel.Token).AsTask();

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write);
    }

    /// <summary>As in the product, where the write is in the log by then.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(60)]
    public async Task A_delayed_write_that_is_cancelled_is_carried_out_all_the_same(int seconds)
    {
        _kv.Delay(TimeSpan.FromSeconds(seconds));
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var write = _kv.SetAsync("a", new byte[1], cancellationToken: cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write);

        _time.Advance(TimeSpan.FromSeconds(seconds));
        _kv.Recover();

        Assert.True((await _kv.GetAsync("a", cancellationToken: Token)).Found);
    }

    [Fact]
    public void The_cache_fails_as_the_store_does()
    {
        _kv.Fail(RaftKvUnavailableReason.NoQuorum);
        Assert.Throws<RaftKvUnavailableException>(() => _kv.Cache.Set("a", [1], new DistributedCacheEntryOptions()));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;
}
