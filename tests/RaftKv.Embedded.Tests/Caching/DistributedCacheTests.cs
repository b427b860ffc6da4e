using System.Buffers;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using RaftKv.Embedded.Tests.Hosting;
using Xunit;

namespace RaftKv.Embedded.Tests.Caching;

/// <summary>The store as the framework's distributed cache, on the node of a real host.</summary>
public sealed class DistributedCacheTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private TestNode _node = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static DistributedCacheEntryOptions ForEver => new();

    private IBufferDistributedCache Cache => (IBufferDistributedCache)_node.Services.GetRequiredService<IDistributedCache>();

    private IBufferDistributedCache Linearizable => (IBufferDistributedCache)_node.Services.GetRequiredKeyedService<IDistributedCache>("linearizable");

    public async ValueTask InitializeAsync() => _node = await TestNode.StartAsync(
        o => (o.DataDirectory, o.MaxValueBytes) = (_folder.Path, 4096),
        raftKv => raftKv.AddDistributedCache()
            .AddKeyedDistributedCache("linearizable", o => (o.KeyPrefix, o.Consistency) = ("other/", KvConsistency.Linearizable))
            .AddKeyedDistributedCache("lease", o => (o.KeyPrefix, o.Consistency, o.DefaultSlidingExpiration) = ("lease/", KvConsistency.LeaderLease, TimeSpan.FromMinutes(20))));

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("linearizable")]
    [InlineData("lease")]
    public async Task What_is_set_is_got_byte_for_byte_until_it_is_removed_blocking_or_not(string? which)
    {
        var cache = which is null ? Cache : _node.Services.GetRequiredKeyedService<IDistributedCache>(which);
        byte[] everyByte = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];

        Assert.Null(await cache.GetAsync("k", Cancel));
        Assert.Null(cache.Get("k"));
        await cache.SetAsync("k", everyByte, ForEver, Cancel);
        cache.Set("empty", [], ForEver);

        Assert.Equal(everyByte, cache.Get("k")!);
        Assert.Equal(everyByte, (await cache.GetAsync("k", Cancel))!);
        Assert.Empty(cache.Get("empty")!);

        cache.Set("k", [1], ForEver);
        Assert.Equal([1], (await cache.GetAsync("k", Cancel))!);
        cache.Remove("k");
        await cache.RemoveAsync("empty", Cancel);
        await cache.RemoveAsync("never there", Cancel);
        cache.Refresh("k");
        await cache.RefreshAsync("k", Cancel);
        Assert.Null(cache.Get("k"));
        Assert.Null(await cache.GetAsync("empty", Cancel));
    }

    [Fact]
    public async Task Buffers_are_written_and_read_without_arrays_between()
    {
        var parts = Sequence([1, 2], [], [3], [4, 5, 6]);
        var whole = new ReadOnlySequence<byte>([7, 8, 9]);

        await Cache.SetAsync("parts", parts, ForEver, Cancel);
        Cache.Set("whole", whole, ForEver);

        var read = new ArrayBufferWriter<byte>();
        Assert.True(Cache.TryGet("parts", read));
        Assert.True(await Cache.TryGetAsync("whole", read, Cancel));
        Assert.False(await Cache.TryGetAsync("neither", read, Cancel));
        Assert.False(Cache.TryGet("neither", read));
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 9], read.WrittenSpan.ToArray());
    }

    [Fact]
    public async Task Caches_share_a_cluster_under_their_prefixes()
    {
        await Cache.SetAsync("k", [1], ForEver, Cancel);
        await Linearizable.SetAsync("k", [2], ForEver, Cancel);

        Assert.Equal([1], Cache.Get("k")!);
        Assert.Equal([2], Linearizable.Get("k")!);
        Assert.Equal([1], (await _node.Kv.GetAsync("cache/k", cancellationToken: Cancel)).Value.ToArray());
        Assert.Equal([2], (await _node.Kv.GetAsync("other/k", cancellationToken: Cancel)).Value.ToArray());
    }

    [Fact]
    public async Task Every_kind_of_expiry_becomes_the_lifetime_it_means()
    {
        var hour = TimeSpan.FromHours(1);
        var soon = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds()) + hour;
        await Cache.SetAsync("none", [1], ForEver, Cancel);
        await Cache.SetAsync("absolute", [1], new() { AbsoluteExpiration = soon }, Cancel);
        await Cache.SetAsync("relative", [1], new() { AbsoluteExpirationRelativeToNow = 10 * hour, AbsoluteExpiration = soon }, Cancel);
        await Cache.SetAsync("sliding", [1], new() { SlidingExpiration = 10 * hour }, Cancel);
        await Cache.SetAsync("bounded", [1], new() { SlidingExpiration = 10 * hour, AbsoluteExpirationRelativeToNow = hour }, Cancel);
        await Cache.SetAsync("longest", [1], new() { AbsoluteExpirationRelativeToNow = TimeSpan.MaxValue }, Cancel);
        await Cache.SetAsync("latest", [1], new() { AbsoluteExpiration = DateTimeOffset.MaxValue }, Cancel);
        await _node.Services.GetRequiredKeyedService<IDistributedCache>("lease").SetAsync("default", [1], ForEver, Cancel);

        Assert.Equal((null, null), await LifetimeAsync("cache/none"));
        var absolute = await LifetimeAsync("cache/absolute");
        Assert.InRange(absolute.Ends!.Value, soon.AddSeconds(-1), soon.AddMinutes(1));
        Assert.Null(absolute.Sliding);
        Assert.InRange((await LifetimeAsync("cache/relative")).Ends!.Value, soon + (8 * hour), soon + (10 * hour));
        var sliding = await LifetimeAsync("cache/sliding");
        Assert.Equal(10 * hour, sliding.Sliding);
        Assert.InRange(sliding.Ends!.Value, soon + (8 * hour), soon + (10 * hour));
        var bounded = await LifetimeAsync("cache/bounded");
        Assert.Equal(10 * hour, bounded.Sliding);
        Assert.InRange(bounded.Ends!.Value, soon - hour, soon + hour);
        Assert.InRange((await LifetimeAsync("cache/longest")).Ends!.Value, soon.AddYears(99), soon.AddYears(101));
        Assert.InRange((await LifetimeAsync("cache/latest")).Ends!.Value, soon.AddYears(99), soon.AddYears(101));
        Assert.Equal(TimeSpan.FromMinutes(20), (await LifetimeAsync("lease/default")).Sliding);
    }

    [Fact]
    public async Task An_entry_is_gone_after_its_time_and_at_once_when_that_is_in_the_past()
    {
        var relative = new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = TimeSpan.FromMilliseconds(50) };
        var past = new DistributedCacheEntryOptions { AbsoluteExpiration = DateTimeOffset.UtcNow.AddDays(-1) };
        var unused = new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromMilliseconds(50) };
        await Cache.SetAsync("past", [1], ForEver, Cancel);
        await Task.WhenAll(Cache.SetAsync("relative", [1], relative, Cancel), Cache.SetAsync("past", [1], past, Cancel), Cache.SetAsync("unused", [1], unused, Cancel));

        await ExpiredAsync("cache/relative", "cache/past", "cache/unused");

        Assert.Null(Cache.Get("relative"));
        Assert.Null(Cache.Get("past"));
        Assert.Null(Cache.Get("unused"));
    }

    [Fact]
    public async Task Use_carries_a_sliding_expiry_on()
    {
        string[] uses = ["get", "refresh", "buffer"];
        foreach (var use in uses)
            await Cache.SetAsync(use, [1], new() { SlidingExpiration = TimeSpan.FromSeconds(4) }, Cancel);
        var first = await Task.WhenAll(uses.Select(EndAsync));

        await EventuallyAsync(async () =>
        {
            Assert.NotNull(await Cache.GetAsync("get", Cancel));
            Cache.Refresh("refresh");
            Assert.True(Cache.TryGet("buffer", new ArrayBufferWriter<byte>()));
            var now = await Task.WhenAll(uses.Select(EndAsync));
            return now.Zip(first).All(ends => ends.First > ends.Second);
        });
    }

    [Fact]
    public async Task No_use_carries_an_entry_beyond_its_absolute_expiry()
    {
        await Cache.SetAsync("k", [1], new() { SlidingExpiration = TimeSpan.FromMinutes(1), AbsoluteExpirationRelativeToNow = TimeSpan.FromMilliseconds(200) }, Cancel);

        await EventuallyAsync(async () => await Cache.GetAsync("k", Cancel) is null);
    }

    [Fact]
    public async Task What_is_too_large_or_no_key_is_refused_by_name()
    {
        var tooLarge = new byte[4097];
        var halves = Sequence(new byte[4000], new byte[97]);

        foreach (var refused in new[]
        {
            Assert.Throws<RaftKvLimitExceededException>(() => Cache.Set("k", tooLarge, ForEver)),
            await Assert.ThrowsAsync<RaftKvLimitExceededException>(() => Cache.SetAsync("k", tooLarge, ForEver, Cancel)),
            Assert.Throws<RaftKvLimitExceededException>(() => Cache.Set("k", halves, ForEver)),
            await Assert.ThrowsAsync<RaftKvLimitExceededException>(() => Cache.SetAsync("k", halves, ForEver, Cancel).AsTask()),
        })
        {
            Assert.Equal((nameof(RaftKvOptions.MaxValueBytes), 4097, 4096), (refused.Limit, refused.Actual, refused.Maximum));
        }

        foreach (var cache in new[] { Cache, Linearizable })
        {
            Assert.Throws<RaftKvLimitExceededException>(() => cache.Get(new string('k', 4096)));
            Assert.Throws<ArgumentException>(() => cache.Get("\ud800"));
            await Assert.ThrowsAsync<ArgumentNullException>(() => cache.GetAsync(null!, Cancel));
            Assert.Throws<ArgumentNullException>(() => cache.Set("k", null!, ForEver));
            Assert.Throws<ArgumentNullException>(() => cache.Set("k", [1], null!));
            Assert.Throws<ArgumentNullException>(() => cache.TryGet("k", null!));
        }
    }

    [Fact]
    public async Task Wrong_options_are_all_said_when_the_host_starts()
    {
        using var folder = new TestFolder();
        var refused = await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(() => TestNode.StartAsync(
            o => o.DataDirectory = folder.Path,
            raftKv => raftKv.AddDistributedCache(o => (o.KeyPrefix, o.Consistency, o.DefaultSlidingExpiration) = (null!, (KvConsistency)9, TimeSpan.Zero))));

        Assert.Equal(3, refused.Failures.Count());
    }

    /// <summary>When an entry expires. A scan reads it, because a scan does not renew a sliding expiration.</summary>
    private async Task<DateTimeOffset?> EndAsync(string entry) =>
        Assert.Single((await _node.Kv.ScanPageAsync(KvKeyRange.Exactly("cache/" + entry), cancellationToken: Cancel)).Entries).ExpiresAt;

    private async Task<(DateTimeOffset? Ends, TimeSpan? Sliding)> LifetimeAsync(string key)
    {
        var read = await _node.Kv.GetAsync(key, cancellationToken: Cancel);
        Assert.True(read.Found);
        return (read.ExpiresAt, read.SlidingExpiration);
    }

    private async Task ExpiredAsync(params string[] keys)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        var left = keys.ToHashSet();
        await foreach (var change in _node.Kv.WatchAsync(KvKeyRange.StartingWith("cache/"), new() { FromVersion = new KvVersion(1) }, limit.Token))
        {
            if (change.Kind == KvEventKind.Expired)
                left.Remove(change.Key);
            if (left.Count == 0)
                return;
        }
    }

    private static async Task EventuallyAsync(Func<Task<bool>> holds)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (!await holds())
            await Task.Delay(20, limit.Token);
    }

    private static ReadOnlySequence<byte> Sequence(params byte[][] parts)
    {
        var first = new Part(parts[0], null);
        var last = parts[1..].Aggregate(first, (before, part) => new Part(part, before));
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Part : ReadOnlySequenceSegment<byte>
    {
        public Part(byte[] bytes, Part? before)
        {
            Memory = bytes;
            if (before is null)
                return;
            RunningIndex = before.RunningIndex + before.Memory.Length;
            before.Next = this;
        }
    }
}
