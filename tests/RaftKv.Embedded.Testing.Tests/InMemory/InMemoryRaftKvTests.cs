using System.Text;
using Xunit;

namespace RaftKv.Embedded.Testing.Tests.InMemory;

/// <summary>The store in memory answers as the product does, and each call is complete when it returns.</summary>
public sealed class InMemoryRaftKvTests : IDisposable
{
    private readonly InMemoryRaftKv _kv = new();

    public void Dispose() => _kv.Dispose();

    [Fact]
    public async Task Calls_are_complete_when_they_return_and_no_thread_is_started()
    {
        var set = _kv.SetAsync("a", Bytes("1"), cancellationToken: Token);
        Assert.True(set.IsCompletedSuccessfully);
        var written = await set;
        Assert.True(written.Applied);

        var get = _kv.GetAsync("a", cancellationToken: Token);
        Assert.True(get.IsCompletedSuccessfully);
        var found = await get;
        Assert.Equal("1", Text(found.Value));
        Assert.Equal(written.Version, found.Version);

        var delete = _kv.DeleteAsync("a", cancellationToken: Token);
        Assert.True(delete.IsCompletedSuccessfully);
        Assert.True((await delete).Applied);
    }

    [Fact]
    public async Task A_new_store_leads_its_cluster_of_one_and_is_ready()
    {
        Assert.Equal(RaftKvRole.Leader, _kv.Cluster.Status.Role);
        Assert.True(_kv.Cluster.Status.IsReady);
        await _kv.Cluster.WaitUntilReadyAsync(Token);
        Assert.True((await _kv.GetAsync("none", KvReadOptions.Stale, Token)).Age == TimeSpan.Zero);
    }

    [Fact]
    public async Task Scans_pages_counts_and_directories_are_those_of_the_product()
    {
        foreach (var key in new[] { "x/1", "x/2", "x/d/3", "x/d/4", "y" })
            await _kv.SetAsync(key, Bytes(key), cancellationToken: Token);

        var page = await _kv.ScanPageAsync(KvKeyRange.StartingWith("x/"), new KvScanOptions { Limit = 3 }, Token);
        await _kv.SetAsync("x/9", Bytes("later"), cancellationToken: Token);
        var rest = await _kv.ScanPageAsync(
            KvKeyRange.StartingWith("x/"), new KvScanOptions { After = page.Next, AtVersion = page.Version }, Token);

        Assert.Equal(["x/1", "x/2", "x/d/3"], page.Entries.Select(e => e.Key));
        Assert.Equal(["x/d/4"], rest.Entries.Select(e => e.Key));
        Assert.Equal(6, await _kv.CountAsync(KvKeyRange.All, cancellationToken: Token));
        Assert.Equal(["x/1", "x/2", "x/9", "x/d/"],
            await _kv.ListChildrenAsync("x/", cancellationToken: Token).Select(c => c.Name).ToListAsync(Token));
    }

    [Fact]
    public async Task A_watch_tells_the_state_and_every_change_behind_it()
    {
        await _kv.SetAsync("a", Bytes("1"), cancellationToken: Token);
        await using var events = _kv.WatchAsync(KvKeyRange.All, new KvWatchOptions { InitialState = true }, Token).GetAsyncEnumerator(Token);
        Assert.True(await events.MoveNextAsync());
        Assert.Equal("a", events.Current.Key);
        Assert.True(await events.MoveNextAsync());
        Assert.Equal(KvEventKind.InitialStateEnd, events.Current.Kind);

        await _kv.DeleteAsync("a", cancellationToken: Token);

        Assert.True(await events.MoveNextAsync());
        Assert.Equal(KvEventKind.Deleted, events.Current.Kind);
    }

    [Fact]
    public async Task After_a_compaction_a_watch_has_to_begin_again_and_so_has_a_scan_of_an_old_version()
    {
        var first = await _kv.SetAsync("a", Bytes("1"), cancellationToken: Token);
        await _kv.SetAsync("b", Bytes("1"), cancellationToken: Token);
        var page = await _kv.ScanPageAsync(KvKeyRange.All, new KvScanOptions { Limit = 1 }, Token);
        await using var running = _kv.WatchAsync(KvKeyRange.All, cancellationToken: Token).GetAsyncEnumerator(Token);
        var next = running.MoveNextAsync();

        _kv.Compact();

        await Assert.ThrowsAsync<RaftKvCompactedException>(async () => await next);
        await Assert.ThrowsAsync<RaftKvCompactedException>(async () =>
            await _kv.WatchAsync(KvKeyRange.All, new KvWatchOptions { FromVersion = first.Version }, Token).FirstAsync(Token));
        await _kv.SetAsync("c", Bytes("1"), cancellationToken: Token);
        await Assert.ThrowsAsync<RaftKvCompactedException>(async () =>
            await _kv.ScanPageAsync(KvKeyRange.All, new KvScanOptions { After = page.Next, AtVersion = page.Version }, Token));
    }

    [Fact]
    public async Task A_backup_has_everything_and_members_cannot_be_added()
    {
        await _kv.SetAsync("a", Bytes("1"), cancellationToken: Token);
        using var backup = new MemoryStream();

        var info = await _kv.Cluster.BackupAsync(backup, cancellationToken: Token);

        Assert.Equal(1, info.KeyCount);
        await Assert.ThrowsAsync<RaftKvMembershipException>(() => _kv.Cluster.AddMemberAsync("node2", "localhost:1", Token));
        await Assert.ThrowsAsync<RaftKvMembershipException>(() => _kv.Cluster.TransferLeadershipAsync(cancellationToken: Token));
    }

    [Fact]
    public async Task Many_writes_of_many_threads_are_all_applied_and_the_log_does_not_grow_for_ever()
    {
        using var kv = new InMemoryRaftKv(configure: o => o.SnapshotThresholdBytes = 64 * 1024);
        var value = new byte[1000];

        await Parallel.ForAsync(0, 2_000, Token, async (i, token) => await kv.SetAsync($"k{i % 100:000}", value, cancellationToken: token));

        Assert.Equal(100, await kv.CountAsync(KvKeyRange.All, cancellationToken: Token));
        Assert.True(kv.Cluster.Status.FirstIndex > 1, "the log is cut behind a snapshot");
    }

    [Fact]
    public async Task What_waits_ends_when_the_store_is_disposed_and_calls_are_refused()
    {
        var watch = _kv.WatchAsync(KvKeyRange.All, cancellationToken: Token).GetAsyncEnumerator(Token);
        var next = watch.MoveNextAsync();

        _kv.Dispose();

        var ended = await Assert.ThrowsAsync<RaftKvUnavailableException>(async () => await next);
        Assert.Equal(RaftKvUnavailableReason.Stopping, ended.Reason);
        var refused = await Assert.ThrowsAsync<RaftKvUnavailableException>(async () => await _kv.SetAsync("a", Bytes("1"), cancellationToken: Token));
        Assert.Equal(RaftKvUnavailableReason.Stopping, refused.Reason);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);
}
