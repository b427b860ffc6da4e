using System.Text;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>With nothing but a data directory, one process is a legal, durable cluster of one.</summary>
public sealed class SingleNodeTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_value_can_be_set_read_overwritten_and_deleted()
    {
        await using var node = await StartAsync();

        var first = await node.Kv.SetAsync("color", "red"u8.ToArray(), cancellationToken: Cancel);
        var second = await node.Kv.SetAsync("color", "blue"u8.ToArray(), cancellationToken: Cancel);
        var read = await node.Kv.GetAsync("color", cancellationToken: Cancel);
        var deleted = await node.Kv.DeleteAsync("color", cancellationToken: Cancel);
        var gone = await node.Kv.GetAsync("color", cancellationToken: Cancel);

        Assert.True(first.Applied);
        Assert.True(second.Version > first.Version);
        Assert.Equal("blue", Encoding.UTF8.GetString(read.Value.Span));
        Assert.Equal(second.Version, read.Version);
        Assert.Equal(first.Version, read.CreateVersion);
        Assert.Equal(2, read.WriteCount);
        Assert.True(deleted.Applied);
        Assert.False(gone.Found);
    }

    [Fact]
    public async Task Conditions_decide_and_report_the_current_version()
    {
        await using var node = await StartAsync();
        var only = new KvSetOptions { When = KvCondition.NotExists };

        var created = await node.Kv.SetAsync("lock", "a"u8.ToArray(), only, Cancel);
        var lost = await node.Kv.SetAsync("lock", "b"u8.ToArray(), only, Cancel);
        var swapped = await node.Kv.SetAsync("lock", "c"u8.ToArray(), new KvSetOptions { When = KvCondition.VersionIs(created.Version) }, Cancel);
        var stale = await node.Kv.DeleteAsync("lock", new() { When = KvCondition.VersionIs(created.Version) }, Cancel);

        Assert.True(created.Applied);
        Assert.Equal(new KvWriteResult(false, created.Version), lost);
        Assert.True(swapped.Applied);
        Assert.Equal(new KvWriteResult(false, swapped.Version), stale);
    }

    [Fact]
    public async Task Everything_acknowledged_is_there_after_a_restart()
    {
        await using (var node = await StartAsync())
        {
            for (var i = 0; i < 500; i++)
                await node.Kv.SetAsync($"key{i:D3}", BitConverter.GetBytes(i), cancellationToken: Cancel);
            await node.Cluster.TakeSnapshotAsync(Cancel);
            for (var i = 500; i < 600; i++)
                await node.Kv.SetAsync($"key{i:D3}", BitConverter.GetBytes(i), cancellationToken: Cancel);
        }

        await using var again = await StartAsync();
        await again.Cluster.WaitUntilReadyAsync(Cancel);
        for (var i = 0; i < 600; i++)
            Assert.Equal(i, BitConverter.ToInt32((await again.Kv.GetAsync($"key{i:D3}", cancellationToken: Cancel)).Value.Span));
    }

    [Fact]
    public async Task A_scan_walks_keys_in_utf8_order_page_by_page()
    {
        await using var node = await StartAsync();
        string[] keys = ["a", "b/1", "b/2", "b/é", "b/😀", "c"];
        foreach (var key in keys.Reverse())
            await node.Kv.SetAsync(key, Encoding.UTF8.GetBytes(key), cancellationToken: Cancel);

        var all = await CollectAsync(node.Kv.ScanAsync(KvKeyRange.All, cancellationToken: Cancel));
        var prefix = await CollectAsync(node.Kv.ScanAsync(KvKeyRange.StartingWith("b/"), new KvScanOptions { Limit = 2 }, Cancel));
        var rest = await CollectAsync(node.Kv.ScanAsync(KvKeyRange.StartingWith("b/"), new KvScanOptions { After = prefix[^1], KeysOnly = true }, Cancel));
        var between = await CollectAsync(node.Kv.ScanAsync(KvKeyRange.Between("b/2", "c"), cancellationToken: Cancel));

        Assert.Equal(keys, all);
        Assert.Equal(["b/1", "b/2"], prefix);
        Assert.Equal(["b/é", "b/😀"], rest);
        Assert.Equal(["b/2", "b/é", "b/😀"], between);
    }

    [Fact]
    public async Task TryRead_sees_the_value_in_place()
    {
        await using var node = await StartAsync();
        var written = await node.Kv.SetAsync("n", BitConverter.GetBytes(42), cancellationToken: Cancel);

        var found = node.Kv.TryRead("n", 1, static (value, version, add) => (BitConverter.ToInt32(value) + add, version), out var result);

        Assert.True(found);
        Assert.Equal((43, written.Version), result);
        Assert.False(node.Kv.TryRead("missing", 0, static (_, _, _) => 0, out _));
    }

    [Theory]
    [InlineData(KvConsistency.Linearizable)]
    [InlineData(KvConsistency.LeaderLease)]
    [InlineData(KvConsistency.Stale)]
    public async Task ReadAsync_sees_the_value_in_place(KvConsistency consistency)
    {
        await using var node = await StartAsync();
        var options = new KvReadOptions { Consistency = consistency };
        var written = await node.Kv.SetAsync("n", BitConverter.GetBytes(42), cancellationToken: Cancel);

        var read = await node.Kv.ReadAsync("n", 1, static (value, version, add) => (BitConverter.ToInt32(value) + add, version), options, Cancel);
        var missing = await node.Kv.ReadAsync("missing", 0, static (_, _, _) => 1, options, Cancel);
        var thrown = await Assert.ThrowsAsync<FormatException>(async () => await node.Kv.ReadAsync<int, int>("n", 0, static (_, _, _) => throw new FormatException(), options, Cancel));

        Assert.Equal((true, (43, written.Version)), (read.Found, read.Result));
        Assert.Equal((false, 0), (missing.Found, missing.Result));
        Assert.Contains(nameof(ReadAsync_sees_the_value_in_place), thrown.StackTrace!);
        await Assert.ThrowsAsync<ArgumentException>(async () => await node.Kv.ReadAsync("", 0, static (_, _, _) => 1, options, Cancel));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await node.Kv.ReadAsync<int, int>("n", 0, null!, options, Cancel));
    }

    [Theory]
    [InlineData(KvConsistency.LeaderLease)]
    [InlineData(KvConsistency.Stale)]
    public async Task A_read_that_need_not_wait_allocates_its_value_and_nothing_else(KvConsistency consistency)
    {
        await using var node = await StartAsync();
        await node.Kv.SetAsync("key", new byte[100], cancellationToken: Cancel);
        var options = new KvReadOptions { Consistency = consistency };
        var value = AllocatedBy(() => new byte[100].Length);

        // A lease may have expired while the machine paused. Then one read has to wait.
        var (least, inPlace) = (long.MaxValue, long.MaxValue);
        for (var attempt = 0; attempt < 1_000 && (least, inPlace) != (value, 0); attempt++)
        {
            await node.Kv.GetAsync("key", options, Cancel);
            least = Math.Min(least, AllocatedBy(() => node.Kv.GetAsync("key", options, Cancel) is { IsCompleted: true } read ? read.Result.Value.Length : 100));
            inPlace = Math.Min(inPlace, AllocatedBy(() => node.Kv.ReadAsync("key", 0, static (bytes, _, _) => bytes.Length, options, Cancel) is { IsCompleted: true } read ? read.Result.Result : 100));
        }

        Assert.Equal((value, 0), (least, inPlace));
        Assert.Equal(0, AllocatedBy(() => node.Kv.TryRead("key", 0, static (bytes, _, _) => bytes.Length, out var length) ? length : 0));
    }

    [Fact]
    public async Task Bad_input_is_refused_before_anything_is_sent()
    {
        await using var node = await StartAsync();

        await Assert.ThrowsAsync<ArgumentException>(async () => await node.Kv.SetAsync("", default, cancellationToken: Cancel));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await node.Kv.GetAsync(null!, cancellationToken: Cancel));
        await Assert.ThrowsAsync<ArgumentException>(async () => await node.Kv.SetAsync("\ud800", default, cancellationToken: Cancel));
        var longKey = await Assert.ThrowsAsync<RaftKvLimitExceededException>(async () => await node.Kv.SetAsync(new string('k', 4097), default, cancellationToken: Cancel));
        var longValue = await Assert.ThrowsAsync<RaftKvLimitExceededException>(async () => await node.Kv.SetAsync("k", new byte[1024 * 1024 + 1], cancellationToken: Cancel));

        Assert.Equal((nameof(RaftKvOptions.MaxKeyBytes), 4097L, 4096L), (longKey.Limit, longKey.Actual, longKey.Maximum));
        Assert.Equal(nameof(RaftKvOptions.MaxValueBytes), longValue.Limit);
        Assert.Equal(RaftKvRole.Unformed, node.Cluster.Status.Role);
    }

    private Task<TestNode> StartAsync() => TestNode.StartAsync(o => o.DataDirectory = _folder.Sub("node1"));

    private static long AllocatedBy(Func<int> act)
    {
        // The first call may compile something, which allocates.
        act();
        var before = GC.GetAllocatedBytesForCurrentThread();
        var length = act();
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(100, length);
        return allocated;
    }

    private static async Task<List<string>> CollectAsync(IAsyncEnumerable<KvEntry> entries)
    {
        var keys = new List<string>();
        await foreach (var entry in entries)
            keys.Add(entry.Key);
        return keys;
    }
}
