using System.Text;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>Keys that expire, as an application uses them.</summary>
public sealed class LifetimeTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private TestNode _node = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IDistributedKv Kv => _node.Kv;

    public async ValueTask InitializeAsync() => _node = await TestNode.StartAsync(o => o.DataDirectory = _folder.Path);

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        _folder.Dispose();
    }

    private Task<KvWriteResult> SetAsync(string key, KvSetOptions options) => Kv.SetAsync(key, "v"u8.ToArray(), options, Cancel).AsTask();

    private async Task<KvEvent> GoneAsync(string key, KvVersion from)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        await foreach (var change in Kv.WatchAsync(KvKeyRange.StartingWith(key), new() { FromVersion = from }, limit.Token))
        {
            if (change.Kind != KvEventKind.Put)
                return change;
        }
        throw new InvalidOperationException("The watch ended.");
    }

    [Fact]
    public async Task A_key_with_a_time_to_live_shows_its_end_and_then_goes_as_expired()
    {
        var before = DateTimeOffset.UtcNow;
        var set = await SetAsync("k", new() { TimeToLive = TimeSpan.FromMilliseconds(300) });
        var read = await Kv.GetAsync("k", cancellationToken: Cancel);

        var gone = await GoneAsync("k", set.Version);

        Assert.InRange(read.ExpiresAt!.Value, before, before.AddSeconds(60));
        Assert.Equal(KvEventKind.Expired, gone.Kind);
        Assert.False((await Kv.GetAsync("k", cancellationToken: Cancel)).Found);
    }

    [Fact]
    public async Task A_rate_window_that_an_increment_begins_ends_however_often_it_is_incremented()
    {
        var window = new KvIncrementOptions { InitialValue = 10, TimeToLive = TimeSpan.FromMilliseconds(500) };
        Assert.Equal(11, await Kv.IncrementAsync("rate", 1, window, Cancel));
        var begun = await Kv.GetAsync("rate", cancellationToken: Cancel);
        for (var calls = 0; calls < 3; calls++)
            await Kv.IncrementAsync("rate", 1, window, Cancel);

        Assert.Equal(KvEventKind.Expired, (await GoneAsync("rate", begun.Version)).Kind);
        Assert.Equal(1, await Kv.IncrementAsync("rate", cancellationToken: Cancel));
    }

    [Fact]
    public async Task Options_of_an_increment_that_contradict_each_other_are_refused()
    {
        var options = new KvIncrementOptions { TimeToLive = TimeSpan.FromSeconds(1), ExpiresAt = DateTimeOffset.UtcNow };
        await Assert.ThrowsAsync<ArgumentException>(async () => await Kv.IncrementAsync("n", 1, options, Cancel));
        Assert.Throws<ArgumentOutOfRangeException>(() => new KvIncrementOptions { TimeToLive = TimeSpan.Zero });
    }

    [Fact]
    public async Task An_end_in_the_past_is_now()
    {
        var set = await SetAsync("k", new() { ExpiresAt = DateTimeOffset.UnixEpoch.AddDays(1) });

        Assert.True(set.Applied);
        Assert.Equal(KvEventKind.Expired, (await GoneAsync("k", set.Version)).Kind);
    }

    [Fact]
    public async Task A_plain_set_ends_the_lifetime_and_keep_keeps_it_and_scans_show_it()
    {
        await SetAsync("plain", new() { TimeToLive = TimeSpan.FromHours(1) });
        await SetAsync("kept", new() { SlidingExpiration = TimeSpan.FromHours(1) });
        await SetAsync("plain", default);
        await SetAsync("kept", new() { KeepLifetime = true });

        var entries = new Dictionary<string, DateTimeOffset?>();
        await foreach (var entry in Kv.ScanAsync(KvKeyRange.All, cancellationToken: Cancel))
            entries[entry.Key] = entry.ExpiresAt;
        Assert.Null(entries["plain"]);
        Assert.NotNull(entries["kept"]);
        var kept = await Kv.GetAsync("kept", cancellationToken: Cancel);
        Assert.Equal(TimeSpan.FromHours(1), kept.SlidingExpiration);
        Assert.Equal(entries["kept"], kept.ExpiresAt);
    }

    [Fact]
    public async Task A_key_that_is_read_outlives_its_sliding_expiry_and_goes_when_it_is_not()
    {
        var sliding = TimeSpan.FromSeconds(3);
        var set = await SetAsync("k", new() { SlidingExpiration = sliding });
        var first = (await Kv.GetAsync("k", cancellationToken: Cancel)).ExpiresAt!.Value;
        var watch = GoneAsync("k", set.Version);

        // Reads with and without a copy of the value, until they have extended the life of the key beyond its first end.
        KvGetResult read;
        do
        {
            await Task.Delay(20, Cancel);
            Kv.TryRead("k", 0, static (_, version, _) => version, out _);
            read = await Kv.GetAsync("k", KvReadOptions.Stale, Cancel);
            Assert.True(read.Found);
        }
        while (read.ExpiresAt!.Value < first + sliding);

        Assert.Equal(set.Version, read.Version);
        Assert.Equal(KvEventKind.Expired, (await watch).Kind);
    }

    [Fact]
    public async Task A_restart_forgets_no_end()
    {
        var set = await SetAsync("snapshot", new() { TimeToLive = TimeSpan.FromSeconds(2) });
        await SetAsync("stays", new() { TimeToLive = TimeSpan.FromHours(2) });
        await _node.Cluster.TakeSnapshotAsync(Cancel);
        await SetAsync("log", new() { TimeToLive = TimeSpan.FromSeconds(2) });
        await _node.StopAsync();
        _node = await TestNode.StartAsync(o => o.DataDirectory = _folder.Path);
        await _node.Cluster.WaitUntilReadyAsync(Cancel);

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while ((await Kv.GetAsync("snapshot", cancellationToken: limit.Token)).Found || (await Kv.GetAsync("log", cancellationToken: limit.Token)).Found)
            await Task.Delay(20, limit.Token);
        Assert.True((await Kv.GetAsync("stays", cancellationToken: Cancel)).ExpiresAt is not null);
        Assert.True(set.Applied);
    }

    [Fact]
    public async Task A_transaction_can_give_lifetimes()
    {
        var transaction = new KvTransaction();
        transaction.Then.Set("k", "v"u8.ToArray(), new() { TimeToLive = TimeSpan.FromMilliseconds(200) }).Get("k");
        var result = await Kv.CommitAsync(transaction, Cancel);

        Assert.NotNull(result.Results[1].Read.ExpiresAt);
        Assert.Equal("v", Encoding.UTF8.GetString(result.Results[1].Read.Value.Span));
        Assert.Equal(KvEventKind.Expired, (await GoneAsync("k", result.Version)).Kind);
    }

    [Fact]
    public async Task Lifetimes_that_make_no_sense_are_refused_before_anything_is_sent()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new KvSetOptions { TimeToLive = TimeSpan.Zero });
        Assert.Throws<ArgumentOutOfRangeException>(() => new KvSetOptions { TimeToLive = TimeSpan.FromDays(40_000) });
        Assert.Throws<ArgumentOutOfRangeException>(() => new KvSetOptions { SlidingExpiration = TimeSpan.FromSeconds(-1) });
        Assert.Throws<ArgumentOutOfRangeException>(() => new KvSetOptions { ExpiresAt = DateTimeOffset.UnixEpoch.AddDays(-1) });
        await Assert.ThrowsAsync<ArgumentException>(() => SetAsync("k", new() { TimeToLive = TimeSpan.FromSeconds(1), ExpiresAt = DateTimeOffset.MaxValue }));
        await Assert.ThrowsAsync<ArgumentException>(() => SetAsync("k", new() { KeepLifetime = true, TimeToLive = TimeSpan.FromSeconds(1) }));
        await Assert.ThrowsAsync<ArgumentException>(() => SetAsync("k", new() { LeaseId = -1 }));
        Assert.Throws<ArgumentException>(() => new KvTransaction().Then.Set("k", default, new() { When = KvCondition.Exists }));
        Assert.Equal(0, _node.Cluster.Status.LastIndex);
        Assert.Equal(TimeSpan.FromSeconds(3), new KvSetOptions { TimeToLive = TimeSpan.FromSeconds(3) }.TimeToLive);
        Assert.Null(new KvSetOptions { TimeToLive = null }.TimeToLive);
    }
}
