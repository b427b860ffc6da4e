using System.Text;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>Watches, as an application uses them, on a single node.</summary>
public sealed class WatchTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_current_state_comes_first_then_its_end_then_every_change()
    {
        await using var node = await StartAsync();
        await node.Kv.SetAsync("a/1", "one"u8.ToArray(), cancellationToken: Cancel);
        await node.Kv.SetAsync("b", "other"u8.ToArray(), cancellationToken: Cancel);
        var second = await node.Kv.SetAsync("a/2", "two"u8.ToArray(), cancellationToken: Cancel);
        await using var watch = node.Kv.WatchAsync(KvKeyRange.StartingWith("a/"), new() { InitialState = true }, Cancel).GetAsyncEnumerator(Cancel);

        Assert.Equal("Put a/1=one", await NextAsync(watch));
        Assert.Equal("Put a/2=two", await NextAsync(watch));
        Assert.True(await watch.MoveNextAsync());
        Assert.Equal((KvEventKind.InitialStateEnd, second.Version), (watch.Current.Kind, watch.Current.Version));
        await node.Kv.SetAsync("b", "still other"u8.ToArray(), cancellationToken: Cancel);
        var third = await node.Kv.SetAsync("a/1", "uno"u8.ToArray(), cancellationToken: Cancel);
        await node.Kv.DeleteAsync("a/2", cancellationToken: Cancel);
        Assert.Equal("Put a/1=uno", await NextAsync(watch));
        Assert.Equal((third.Version, 2, true), (watch.Current.Version, watch.Current.WriteCount, watch.Current.EndsVersion));
        Assert.Equal("Deleted a/2=", await NextAsync(watch));
    }

    [Fact]
    public async Task A_watch_from_now_has_begun_when_its_first_step_has()
    {
        await using var node = await StartAsync();
        await node.Kv.SetAsync("k", "before"u8.ToArray(), cancellationToken: Cancel);
        await using var watch = node.Kv.WatchAsync(KvKeyRange.Exactly("k"), new() { KeysOnly = true }, Cancel).GetAsyncEnumerator(Cancel);
        var first = watch.MoveNextAsync();
        var after = await node.Kv.SetAsync("k", "after"u8.ToArray(), cancellationToken: Cancel);

        Assert.True(await first);
        Assert.Equal(after.Version, watch.Current.Version);
        Assert.True(watch.Current.Value.IsEmpty);
    }

    [Fact]
    public async Task A_version_seen_before_a_restart_is_where_the_watch_goes_on_behind_it()
    {
        KvVersion seen;
        await using (var node = await StartAsync())
        {
            seen = (await node.Kv.SetAsync("k", "1"u8.ToArray(), cancellationToken: Cancel)).Version;
            await node.Kv.SetAsync("k", "2"u8.ToArray(), cancellationToken: Cancel);
        }
        await using var again = await StartAsync();
        await using var watch = again.Kv.WatchAsync(KvKeyRange.All, new() { FromVersion = new(seen.Value + 1) }, Cancel).GetAsyncEnumerator(Cancel);

        Assert.Equal("Put k=2", await NextAsync(watch));
    }

    [Fact]
    public async Task What_a_snapshot_stands_for_cannot_be_watched_after_a_restart_and_the_error_says_from_where_on()
    {
        KvVersion first, snapshot;
        await using (var node = await StartAsync())
        {
            first = (await node.Kv.SetAsync("k", "1"u8.ToArray(), cancellationToken: Cancel)).Version;
            snapshot = await node.Cluster.TakeSnapshotAsync(Cancel);
        }
        await using var again = await StartAsync();
        await again.Cluster.WaitUntilReadyAsync(Cancel);
        await using var watch = again.Kv.WatchAsync(KvKeyRange.All, new() { FromVersion = first }, Cancel).GetAsyncEnumerator(Cancel);

        var compacted = await Assert.ThrowsAsync<RaftKvCompactedException>(async () => await watch.MoveNextAsync());
        Assert.Equal((first, new KvVersion(snapshot.Value + 1)), (compacted.Requested, compacted.OldestVersion));
    }

    [Fact]
    public async Task A_watch_that_missed_changes_goes_on_with_the_current_state_when_it_is_asked_to()
    {
        KvVersion first;
        await using (var node = await StartAsync())
        {
            first = (await node.Kv.SetAsync("gone", "1"u8.ToArray(), cancellationToken: Cancel)).Version;
            await node.Kv.DeleteAsync("gone", cancellationToken: Cancel);
            await node.Kv.SetAsync("k", "1"u8.ToArray(), cancellationToken: Cancel);
            await node.Cluster.TakeSnapshotAsync(Cancel);
        }
        await using var again = await StartAsync();
        await again.Cluster.WaitUntilReadyAsync(Cancel);
        var options = new KvWatchOptions { FromVersion = first, Resynchronize = true };
        await using var watch = again.Kv.WatchAsync(KvKeyRange.All, options, Cancel).GetAsyncEnumerator(Cancel);

        Assert.True(await watch.MoveNextAsync());
        Assert.Equal((KvEventKind.Resynchronized, ""), (watch.Current.Kind, watch.Current.Key));
        Assert.Equal("Put k=1", await NextAsync(watch));
        Assert.True(await watch.MoveNextAsync());
        Assert.Equal(KvEventKind.InitialStateEnd, watch.Current.Kind);
        await again.Kv.SetAsync("k", "2"u8.ToArray(), cancellationToken: Cancel);
        Assert.Equal("Put k=2", await NextAsync(watch));
    }

    [Fact]
    public async Task Progress_is_told_while_nothing_happens_to_the_keys_watched()
    {
        await using var node = await StartAsync();
        var written = await node.Kv.SetAsync("other", "1"u8.ToArray(), cancellationToken: Cancel);
        await foreach (var change in node.Kv.WatchAsync(KvKeyRange.Exactly("k"), new() { FromVersion = new(1), ProgressInterval = TimeSpan.FromMilliseconds(10) }, Cancel))
        {
            Assert.Equal(KvEventKind.Progress, change.Kind);
            if (change.Version >= written.Version)
                break;
        }
    }

    [Fact]
    public async Task A_watch_ends_with_the_node_and_says_so()
    {
        var node = await StartAsync();
        await node.Kv.SetAsync("k", "1"u8.ToArray(), cancellationToken: Cancel);
        await using var watch = node.Kv.WatchAsync(KvKeyRange.All, default, Cancel).GetAsyncEnumerator(Cancel);
        var kv = node.Kv;
        var next = watch.MoveNextAsync();
        await node.StopAsync();

        var ended = await Assert.ThrowsAsync<RaftKvUnavailableException>(async () => await next);
        Assert.Equal(RaftKvUnavailableReason.Stopping, ended.Reason);
        foreach (var options in new KvWatchOptions[] { default, new() { InitialState = true, Consistency = KvConsistency.Stale } })
            await Assert.ThrowsAsync<RaftKvUnavailableException>(async () => await kv.WatchAsync(KvKeyRange.All, options, Cancel).GetAsyncEnumerator(Cancel).MoveNextAsync());
    }

    [Fact]
    public async Task A_cancelled_watch_ends_at_once()
    {
        await using var node = await StartAsync();
        await node.Kv.SetAsync("k", "1"u8.ToArray(), cancellationToken: Cancel);
        using var cancel = new CancellationTokenSource();
        await using var watch = node.Kv.WatchAsync(KvKeyRange.All, default, cancel.Token).GetAsyncEnumerator(Cancel);
        var next = watch.MoveNextAsync();
        cancel.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
    }

    [Fact]
    public async Task Options_that_make_no_sense_are_refused_at_the_call()
    {
        await using var node = await StartAsync();
        Assert.Throws<ArgumentException>(() => node.Kv.WatchAsync(KvKeyRange.All, new() { InitialState = true, FromVersion = new(1) }, Cancel));
        Assert.Throws<ArgumentException>(() => node.Kv.WatchAsync(KvKeyRange.StartingWith("\ud800"), default, Cancel));
        Assert.Throws<RaftKvLimitExceededException>(() => node.Kv.WatchAsync(KvKeyRange.Exactly(new string('k', 5000)), default, Cancel));
        Assert.Throws<ArgumentOutOfRangeException>(() => node.Kv.WatchAsync(KvKeyRange.All, new() { FromVersion = new(-1) }, Cancel));
        Assert.Throws<ArgumentOutOfRangeException>(() => node.Kv.WatchAsync(KvKeyRange.All, new() { ProgressInterval = TimeSpan.FromMilliseconds(9) }, Cancel));
        Assert.Throws<ArgumentException>(
            () => node.Kv.WatchAsync(KvKeyRange.All, new() { PreviousValues = true, KeysOnly = true }, Cancel));
        Assert.Throws<ArgumentOutOfRangeException>(() => node.Kv.WatchAsync(KvKeyRange.All, new() { BufferBytes = -1 }, Cancel));
        Assert.Throws<ArgumentOutOfRangeException>(() => node.Kv.WatchAsync(KvKeyRange.All, new() { BufferBytes = 65 * 1024 * 1024 }, Cancel));
    }

    [Fact]
    public async Task A_watch_of_previous_values_is_refused_at_the_call_by_a_node_without_them_and_the_error_names_the_option()
    {
        await using var node = await StartAsync();

        var refused = Assert.Throws<NotSupportedException>(
            () => node.Kv.WatchAsync(KvKeyRange.All, new() { PreviousValues = true }, Cancel));

        Assert.Contains("WatchPreviousValues", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Previous_values_are_told_again_after_a_restart_behind_a_snapshot_too()
    {
        KvVersion first, snapshot, last;
        await using (var node = await StartAsync(previousValues: true))
        {
            first = (await node.Kv.SetAsync("k", "1"u8.ToArray(), new() { TimeToLive = TimeSpan.FromHours(1) }, Cancel)).Version;
            var ends = (await node.Kv.GetAsync("k", cancellationToken: Cancel)).ExpiresAt!.Value;
            await node.Kv.SetAsync("k", "2"u8.ToArray(), cancellationToken: Cancel);
            await using var watch = Watch(node, first);
            Assert.Equal("Put k=1, none", await PreviousAsync(watch));
            Assert.Equal("Put k=2 before 1", await PreviousAsync(watch));
            // The time is shown by the wall clock, which each answer compares with log time anew.
            var told = watch.Current.Previous!.Value;
            Assert.Equal(first, told.Version);
            Assert.InRange(told.ExpiresAt!.Value, ends - TimeSpan.FromMinutes(1), ends + TimeSpan.FromMinutes(1));
            snapshot = await node.Cluster.TakeSnapshotAsync(Cancel);
            await node.Kv.SetAsync("k", "3"u8.ToArray(), cancellationToken: Cancel);
            last = (await node.Kv.DeleteAsync("k", cancellationToken: Cancel)).Version;
        }
        await using var again = await StartAsync(previousValues: true);
        await again.Cluster.WaitUntilReadyAsync(Cancel);
        await using (var watch = Watch(again, new(snapshot.Value + 1)))
        {
            Assert.Equal("Put k=3 before 2", await PreviousAsync(watch));
            Assert.Equal("Deleted k= before 3", await PreviousAsync(watch));
            Assert.Equal(last, watch.Current.Version);
        }
        await using (var watch = Watch(again, first))
            await Assert.ThrowsAsync<RaftKvCompactedException>(async () => await watch.MoveNextAsync());
    }

    [Fact]
    public async Task The_state_after_missed_changes_has_no_previous_values_and_the_changes_behind_it_have()
    {
        KvVersion first;
        await using (var node = await StartAsync())
        {
            first = (await node.Kv.SetAsync("k", "1"u8.ToArray(), cancellationToken: Cancel)).Version;
            await node.Kv.SetAsync("k", "2"u8.ToArray(), cancellationToken: Cancel);
            await node.Cluster.TakeSnapshotAsync(Cancel);
        }
        await using var again = await StartAsync(previousValues: true);
        await again.Cluster.WaitUntilReadyAsync(Cancel);
        await using var watch = Watch(again, first, resynchronize: true);

        Assert.Equal("Resynchronized =, none", await PreviousAsync(watch));
        Assert.Equal("Put k=2, none", await PreviousAsync(watch));
        Assert.Equal("InitialStateEnd =, none", await PreviousAsync(watch));
        await again.Kv.SetAsync("k", "3"u8.ToArray(), cancellationToken: Cancel);
        Assert.Equal("Put k=3 before 2", await PreviousAsync(watch));
    }

    private Task<TestNode> StartAsync(bool previousValues = false) =>
        TestNode.StartAsync(o => (o.DataDirectory, o.WatchPreviousValues) = (_folder.Sub("data"), previousValues));

    private static IAsyncEnumerator<KvEvent> Watch(TestNode node, KvVersion from, bool resynchronize = false) =>
        node.Kv.WatchAsync(KvKeyRange.All, new() { PreviousValues = true, FromVersion = from, Resynchronize = resynchronize }, Cancel)
            .GetAsyncEnumerator(Cancel);

    private static async Task<string> PreviousAsync(IAsyncEnumerator<KvEvent> watch) =>
        await NextAsync(watch) + (watch.Current.Previous is { } before ? $" before {before.GetString()}" : ", none");

    private static async Task<string> NextAsync(IAsyncEnumerator<KvEvent> watch)
    {
        Assert.True(await watch.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancel));
        return $"{watch.Current.Kind} {watch.Current.Key}={Encoding.UTF8.GetString(watch.Current.Value.Span)}";
    }
}
