using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace RaftKv.Embedded.Testing.Tests.InMemory;

/// <summary>Advancing a fake clock ends expired keys, leases, locks and cache entries before the call returns.</summary>
public sealed class InMemoryTimeTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly InMemoryRaftKv _kv;

    public InMemoryTimeTests() => _kv = new InMemoryRaftKv(_time);

    public void Dispose() => _kv.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(1_500)]
    [InlineData(60_000)]
    [InlineData(90L * 24 * 3600 * 1000)]
    public async Task A_key_ends_with_its_time_to_live_and_not_before(long milliseconds)
    {
        var time = TimeSpan.FromMilliseconds(milliseconds);
        await _kv.SetAsync("a", new byte[1], new KvSetOptions { TimeToLive = time }, Token);

        _time.Advance(time - TimeSpan.FromMilliseconds(1));
        Assert.True(Find("a"));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.False(Find("a"));
    }

    [Fact]
    public async Task A_key_ends_at_its_absolute_time()
    {
        await _kv.SetAsync("a", new byte[1], new KvSetOptions { ExpiresAt = _time.GetUtcNow() + TimeSpan.FromHours(3) }, Token);

        _time.Advance(TimeSpan.FromHours(3) - TimeSpan.FromSeconds(1));
        Assert.True(Find("a"));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(Find("a"));
    }

    [Fact]
    public async Task A_sliding_expiry_is_renewed_by_use()
    {
        await _kv.SetAsync("a", new byte[1], new KvSetOptions { SlidingExpiration = TimeSpan.FromMinutes(10) }, Token);

        for (var i = 0; i < 5; i++)
        {
            _time.Advance(TimeSpan.FromMinutes(8));
            Assert.True((await _kv.GetAsync("a", cancellationToken: Token)).Found);
        }
        _time.Advance(TimeSpan.FromMinutes(10));

        Assert.False(Find("a"));
    }

    [Fact]
    public async Task Reads_write_nothing_once_the_absolute_end_is_nearer_than_the_sliding_one()
    {
        var end = _time.GetUtcNow() + TimeSpan.FromMinutes(12);
        await _kv.SetAsync("a", new byte[1], new KvSetOptions { SlidingExpiration = TimeSpan.FromMinutes(10), ExpiresAt = end }, Token);
        _time.Advance(TimeSpan.FromMinutes(8));
        var before = _kv.Cluster.Status.LastIndex;
        Assert.True(Find("a"));
        _time.Advance(TimeSpan.FromSeconds(5));
        var renewed = _kv.Cluster.Status.LastIndex;
        Assert.True(renewed > before);

        // The log states the time every ten seconds while a key has an end.
        for (var i = 0; i < 3; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.True(Find("a"));
            Assert.True((await _kv.GetAsync("a", cancellationToken: Token)).Found);
        }

        Assert.Equal(renewed, _kv.Cluster.Status.LastIndex);
    }

    [Fact]
    public async Task Thousands_of_keys_end_in_one_step()
    {
        for (var i = 0; i < 3_000; i++)
            await _kv.SetAsync($"k{i}", new byte[1], new KvSetOptions { TimeToLive = TimeSpan.FromMinutes(1) }, Token);

        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(0, _kv.Cluster.Status.KeyCount);
    }

    [Fact]
    public async Task A_watch_is_told_of_keys_that_end()
    {
        await _kv.SetAsync("a", new byte[1], new KvSetOptions { TimeToLive = TimeSpan.FromMinutes(1) }, Token);
        await using var events = _kv.WatchAsync(KvKeyRange.All, cancellationToken: Token).GetAsyncEnumerator(Token);
        var next = events.MoveNextAsync();

        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.True(await next);
        Assert.Equal(KvEventKind.Expired, events.Current.Kind);
    }

    [Fact]
    public async Task A_lease_is_renewed_while_time_goes_on_in_steps_and_lost_by_a_step_as_long_as_it_lives()
    {
        var lease = await _kv.Leases.GrantAsync(TimeSpan.FromSeconds(15), Token);
        await _kv.SetAsync("a", new byte[1], new KvSetOptions { LeaseId = lease.Id }, Token);

        for (var i = 0; i < 20; i++)
            _time.Advance(TimeSpan.FromSeconds(6));
        Assert.False(lease.IsLost);
        Assert.True(Find("a"));

        _time.Advance(TimeSpan.FromSeconds(15));
        Assert.True(lease.IsLost);
        Assert.False(Find("a"));
        Assert.Null(await _kv.Leases.GetAsync(lease.Id, Token));
    }

    [Fact]
    public async Task A_lock_is_lost_by_a_step_as_long_as_it_lives_and_the_next_in_the_line_has_it()
    {
        var options = new KvLockOptions { TimeToLive = TimeSpan.FromSeconds(10) };
        var first = await _kv.Coordination.AcquireLockAsync("reports", options, Token);

        _time.Advance(TimeSpan.FromSeconds(10));

        Assert.True(first.LostToken.IsCancellationRequested);
        var second = await _kv.Coordination.TryAcquireLockAsync("reports", options, Token);
        Assert.NotNull(second);
        Assert.True(second.FencingToken > first.FencingToken);
    }

    [Fact]
    public async Task After_a_day_of_silence_writes_go_on()
    {
        await _kv.SetAsync("a", new byte[1], cancellationToken: Token);
        _time.Advance(TimeSpan.FromDays(1));

        var write = _kv.SetAsync("a", new byte[2], cancellationToken: Token);

        Assert.True(write.IsCompleted);
        Assert.True((await write).Applied);
        Assert.Equal(TimeSpan.Zero, (await _kv.GetAsync("a", KvReadOptions.Stale, Token)).Age);
    }

    [Fact]
    public void A_cache_entry_ends_with_its_time()
    {
        _kv.Cache.Set("page", [1], new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(5) });

        _time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromSeconds(1));
        Assert.NotNull(_kv.Cache.Get("page"));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(_kv.Cache.Get("page"));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Reads in place, without a turn of the replica: only the step of the clock can have removed the key.</summary>
    private bool Find(string key) => _kv.TryRead(key, 0, static (_, _, _) => true, out _);
}
