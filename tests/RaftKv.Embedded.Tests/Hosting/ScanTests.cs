using System.Text;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>Scans, pages, children and counts, also while keys are written.</summary>
public sealed class ScanTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(KvConsistency.Linearizable)]
    [InlineData(KvConsistency.LeaderLease)]
    [InlineData(KvConsistency.Stale)]
    public async Task A_scan_sees_one_version_however_much_is_written_while_it_goes_on(KvConsistency consistency)
    {
        await using var node = await StartAsync();
        await FillAsync(node, Enumerable.Range(0, 600).Select(i => $"k{i:D4}"), "old"u8.ToArray());
        var seen = new List<string>();
        await foreach (var entry in node.Kv.ScanAsync(KvKeyRange.StartingWith("k"), new() { Consistency = consistency }, Cancel))
        {
            if (seen.Count % 100 == 0)
            {
                await node.Kv.SetAsync($"k{599 - seen.Count:D4}", "new"u8.ToArray(), cancellationToken: Cancel);
                await node.Kv.DeleteAsync($"k{598 - seen.Count:D4}", cancellationToken: Cancel);
                await node.Kv.SetAsync($"k{seen.Count:D4}x", "new"u8.ToArray(), cancellationToken: Cancel);
            }
            seen.Add($"{entry.Key}={Encoding.UTF8.GetString(entry.Value.Span)}");
        }
        Assert.Equal(Enumerable.Range(0, 600).Select(i => $"k{i:D4}=old"), seen);
        Assert.Equal(600, await node.Kv.CountAsync(KvKeyRange.StartingWith("k"), cancellationToken: Cancel));
    }

    [Fact]
    public async Task Pages_asked_for_one_by_one_are_of_one_version()
    {
        await using var node = await StartAsync();
        for (var i = 0; i < 10; i++)
            await node.Kv.SetAsync($"k{i}", "old"u8.ToArray(), cancellationToken: Cancel);
        var seen = new List<string>();
        KvScanPage? page = null;
        do
        {
            page = await node.Kv.ScanPageAsync(KvKeyRange.All, new() { Limit = 4, After = page?.Next, AtVersion = page?.Version ?? default }, Cancel);
            seen.Add(string.Join(' ', page.Entries.Select(e => $"{e.Key}={Encoding.UTF8.GetString(e.Value.Span)}")));
            await node.Kv.SetAsync("k7", "new"u8.ToArray(), cancellationToken: Cancel);
            await node.Kv.SetAsync("k8x", "new"u8.ToArray(), cancellationToken: Cancel);
            await node.Kv.DeleteAsync("k9", cancellationToken: Cancel);
        }
        while (page.Next is not null);

        Assert.Equal(["k0=old k1=old k2=old k3=old", "k4=old k5=old k6=old k7=old", "k8=old k9=old"], seen);
    }

    [Fact]
    public async Task A_page_ends_before_it_is_too_large()
    {
        await using var node = await StartAsync();
        for (var i = 0; i < 7; i++)
            await node.Kv.SetAsync($"k{i}", new byte[1000 * 1000], cancellationToken: Cancel);
        var first = await node.Kv.ScanPageAsync(KvKeyRange.All, default, Cancel);
        var second = await node.Kv.ScanPageAsync(KvKeyRange.All, new() { After = first.Next, AtVersion = first.Version }, Cancel);

        Assert.Equal(5, first.Entries.Count);
        Assert.Equal(["k5", "k6"], second.Entries.Select(e => e.Key));
        Assert.Null(second.Next);
    }

    [Fact]
    public async Task A_version_that_nobody_keeps_is_refused_by_name()
    {
        await using var node = await StartAsync();
        var old = await node.Kv.SetAsync("k", "1"u8.ToArray(), cancellationToken: Cancel);
        var now = await node.Kv.SetAsync("k", "2"u8.ToArray(), cancellationToken: Cancel);

        var refused = await Assert.ThrowsAsync<RaftKvCompactedException>(async () => await node.Kv.ScanPageAsync(KvKeyRange.All, new() { AtVersion = old.Version }, Cancel));
        Assert.Equal((old.Version, now.Version), (refused.Requested, refused.OldestVersion));
        Assert.Single((await node.Kv.ScanPageAsync(KvKeyRange.All, new() { AtVersion = now.Version }, Cancel)).Entries);
    }

    [Fact]
    public async Task A_scan_under_which_too_much_is_overwritten_ends_by_name()
    {
        await using var node = await StartAsync(o => o.ScanRetentionBytes = 64 * 1024);
        await FillAsync(node, Enumerable.Range(0, 300).Select(i => $"k{i:D3}"), new byte[1000]);
        await using var scan = node.Kv.ScanAsync(KvKeyRange.All, default, Cancel).GetAsyncEnumerator(Cancel);
        Assert.True(await scan.MoveNextAsync());
        await FillAsync(node, Enumerable.Range(0, 300).Select(i => $"k{i:D3}"), new byte[1001]);

        var seen = 1;
        await Assert.ThrowsAsync<RaftKvCompactedException>(async () =>
        {
            for (; await scan.MoveNextAsync(); seen++)
                Assert.Equal(1000, scan.Current.Value.Length);
        });
        Assert.True(seen < 300);
    }

    [Fact]
    public async Task Children_are_listed_as_in_a_directory()
    {
        await using var node = await StartAsync();
        await FillAsync(node, ["a", "dir", "dir/", "dir/a", "dir/b/1", "dir/b/2", "dir/b", "dir/c/", "dir/ü/x", "dir0", "e/f/g"], []);
        await FillAsync(node, Enumerable.Range(0, 600).Select(i => $"dir/large/{i}"), []);

        Assert.Equal("a dir dir/* dir0 e/*", await ChildrenAsync(""));
        Assert.Equal("dir/ dir/a dir/b dir/b/* dir/c/* dir/large/* dir/ü/*", await ChildrenAsync("dir/"));
        Assert.Equal("dir/b/1 dir/b/2", await ChildrenAsync("dir/b/"));
        Assert.Equal("", await ChildrenAsync("nothing/"));
        Assert.Equal("e/f/g", await ChildrenAsync("e", ':'));

        async Task<string> ChildrenAsync(string prefix, char delimiter = '/') => string.Join(' ',
            await node.Kv.ListChildrenAsync(prefix, delimiter, cancellationToken: Cancel).Select(c => c.Name + (c.IsGroup ? "*" : "")).ToListAsync(Cancel));
    }

    [Theory]
    [InlineData("", "a", "b/* ba c")]
    [InlineData("", "b/", "ba c")]
    [InlineData("", "b", "b/* ba c")]
    [InlineData("", "bb", "c")]
    [InlineData("", "c", "")]
    [InlineData("b/", "b/1", "b/2/* b/3")]
    [InlineData("b/", "b/2/", "b/3")]
    [InlineData("b/", "a", "b/1 b/2/* b/3")]
    public async Task Children_go_on_behind_the_one_that_a_page_ended_with(string prefix, string after, string expected)
    {
        await using var node = await StartAsync();
        await FillAsync(node, ["a", "b/1", "b/2/x", "b/2/y", "b/3", "ba", "c"], [1]);

        var children = node.Kv.ListChildrenAsync(prefix, after: after, cancellationToken: Cancel).Select(c =>
            c.Name + (c.IsGroup ? "*" : ""));

        Assert.Equal(expected, string.Join(' ', await children.ToListAsync(Cancel)));
    }

    [Fact]
    public async Task Counts_are_of_the_range()
    {
        await using var node = await StartAsync();
        foreach (var key in new[] { "a", "b/1", "b/2", "c" })
            await node.Kv.SetAsync(key, default, cancellationToken: Cancel);

        Assert.Equal(4, await node.Kv.CountAsync(KvKeyRange.All, cancellationToken: Cancel));
        Assert.Equal(2, await node.Kv.CountAsync(KvKeyRange.StartingWith("b/"), KvReadOptions.Stale, Cancel));
        Assert.Equal(1, await node.Kv.CountAsync(KvKeyRange.Exactly("c"), KvReadOptions.LeaderLease, Cancel));
        Assert.Equal(0, await node.Kv.CountAsync(KvKeyRange.Between("c", "a"), cancellationToken: Cancel));
    }

    [Fact]
    public async Task Options_that_make_no_sense_are_refused_at_the_call()
    {
        await using var node = await StartAsync();
        Assert.Throws<ArgumentOutOfRangeException>(() => node.Kv.ScanAsync(KvKeyRange.All, new() { Limit = -1 }, Cancel));
        Assert.Throws<ArgumentOutOfRangeException>(() => node.Kv.ScanAsync(KvKeyRange.All, new() { AtVersion = new(-1) }, Cancel));
        Assert.Throws<ArgumentException>(() => node.Kv.ScanAsync(KvKeyRange.StartingWith("\ud800"), default, Cancel));
        Assert.Throws<RaftKvLimitExceededException>(() => node.Kv.ScanAsync(KvKeyRange.All, new() { After = new string('k', 5000) }, Cancel));
        Assert.Throws<ArgumentOutOfRangeException>(() => node.Kv.ListChildrenAsync("", 'ü', cancellationToken: Cancel));
    }

    private static async Task FillAsync(TestNode node, IEnumerable<string> keys, byte[] value)
    {
        foreach (var batch in keys.Chunk(KvTransaction.MaxOperations))
            await node.Kv.SetManyAsync(batch.Select(key => new KeyValuePair<string, ReadOnlyMemory<byte>>(key, value)), Cancel);
    }

    private Task<TestNode> StartAsync(Action<RaftKvOptions>? configure = null) => TestNode.StartAsync(o =>
    {
        o.DataDirectory = _folder.Sub("data");
        configure?.Invoke(o);
    });
}
