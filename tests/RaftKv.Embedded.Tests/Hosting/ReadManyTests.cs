using System.Text;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>Reads of several keys at one version, and scans from the end.</summary>
public sealed class ReadManyTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private TestNode _node = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _node = await TestNode.StartAsync(o => o.DataDirectory = _folder.Path);

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Several_keys_are_read_with_all_that_a_single_read_has()
    {
        var lease = await _node.Leases.GrantAsync(TimeSpan.FromMinutes(1), Cancel);
        await _node.Kv.SetStringAsync("a", "1", cancellationToken: Cancel);
        await _node.Kv.SetStringAsync("a", "2", new KvSetOptions { SlidingExpiration = TimeSpan.FromHours(1), LeaseId = lease.Id }, Cancel);
        await _node.Kv.SetStringAsync("b", "3", cancellationToken: Cancel);

        var many = await _node.Kv.GetManyAsync(["b", "none", "a", "a"], cancellationToken: Cancel);

        Assert.Equal(["a", "b", "none"], many.Keys.Order());
        Assert.Equal(await _node.Kv.GetAsync("a", cancellationToken: Cancel), many["a"]);
        Assert.Equal(await _node.Kv.GetAsync("b", cancellationToken: Cancel), many["b"]);
        Assert.Equal(await _node.Kv.GetAsync("none", cancellationToken: Cancel), many["none"]);
        Assert.Empty(await _node.Kv.GetManyAsync([], KvReadOptions.Stale, Cancel));
        await Assert.ThrowsAsync<ArgumentException>(async () => await _node.Kv.GetManyAsync([""], cancellationToken: Cancel));
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await _node.Kv.GetManyAsync(Enumerable.Range(0, 257).Select(i => $"k{i}"), cancellationToken: Cancel));
    }

    [Fact]
    public async Task They_are_of_one_version_while_transactions_change_them()
    {
        string[] keys = [.. Enumerable.Range(0, 20).Select(i => $"k{i:D2}")];
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var writes = Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
                await SetAllAsync(keys, BitConverter.GetBytes(i));
        }, Cancel);
        for (var i = 0; i < 200; i++)
        {
            var many = await _node.Kv.GetManyAsync(keys, i % 2 == 0 ? default : KvReadOptions.Stale, Cancel);
            Assert.Single(many.Values.Select(r => r.Version).Distinct());
            Assert.Single(many.Values.Select(r => r.ReadAt).Distinct());
        }
        await stop.CancelAsync();
        await writes;
    }

    [Fact]
    public async Task Updates_of_many_callers_at_a_time_are_all_counted_and_keep_the_lifetime()
    {
        await _node.Kv.SetStringAsync("n", "0", new KvSetOptions { TimeToLive = TimeSpan.FromHours(1) }, Cancel);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            for (var i = 0; i < 10; i++)
                await _node.Kv.UpdateJsonAsync<int>("n", n => n + 1, cancellationToken: Cancel);
        }));

        var counted = await _node.Kv.GetJsonAsync<int>("n", cancellationToken: Cancel);
        Assert.Equal(40, counted.Value);
        Assert.NotNull(counted.ExpiresAt);
    }

    [Fact]
    public async Task The_results_of_a_transaction_have_their_keys()
    {
        var transaction = new KvTransaction().If(KvCompare.Exists("n"));
        transaction.Then.Get("n");
        transaction.Else.Increment("n", 5).Get("n").Delete("m").DeleteRange(KvKeyRange.StartingWith("x"));
        var result = await _node.Kv.CommitAsync(transaction, Cancel);

        Assert.Equal((5L, "5"), (result.GetNumber("n"), result.GetRead("n").GetString()));
        Assert.Equal(
            [(KvTransactionOperationKind.Increment, "n"), (KvTransactionOperationKind.Get, "n"), (KvTransactionOperationKind.Delete, "m"),
                (KvTransactionOperationKind.DeleteRange, null)],
            result.Results.Select(r => (r.Kind, r.Key)));
        Assert.Equal("5", (await _node.Kv.CommitAsync(transaction, Cancel)).GetRead("n").GetString());
    }

    [Fact]
    public async Task A_descending_scan_is_the_ascending_one_from_its_end()
    {
        for (var i = 0; i < 600; i += 20)
            await SetAllAsync(Enumerable.Range(i, 20).Select(n => $"k{n:D3}"), new byte[10]);
        var ascending = await ListAsync(default);

        Assert.Equal(Enumerable.Reverse(ascending), await ListAsync(new KvScanOptions { Descending = true }));
        Assert.Equal(["k599", "k598"], (await ListAsync(new KvScanOptions { Descending = true, Limit = 2 })).Select(e => e.Key));
        var pages = new List<KvEntry>();
        var options = new KvScanOptions { Descending = true, Limit = 70 };
        while (true)
        {
            var page = await _node.Kv.ScanPageAsync(default, options, Cancel);
            pages.AddRange(page.Entries);
            if (page.Next is null)
                break;
            // Writes between two pages are not in the version of the pages.
            await _node.Kv.SetAsync($"{page.Next}x", default, cancellationToken: Cancel);
            await _node.Kv.DeleteAsync("k000", cancellationToken: Cancel);
            options = options with { After = page.Next, AtVersion = page.Version };
        }
        Assert.Equal(Enumerable.Reverse(ascending), pages);
    }

    [Fact]
    public async Task A_scan_waits_for_the_version_it_must_have()
    {
        var written = await _node.Kv.SetStringAsync("k", "1", cancellationToken: Cancel);
        var page = await _node.Kv.ScanPageAsync(default,
            new KvScanOptions { Consistency = KvConsistency.Stale, MinVersion = written.Version }, Cancel);
        Assert.True(page.Version >= written.Version);
        var next = new KvVersion(page.Version.Value + 1);
        var waiting = _node.Kv.ScanPageAsync(default, new KvScanOptions { Consistency = KvConsistency.Stale, MinVersion = next }, Cancel);
        await _node.Kv.SetStringAsync("k", "2", cancellationToken: Cancel);
        Assert.Equal("2", Encoding.UTF8.GetString((await waiting).Entries.Single().Value.Span));
    }

    private async Task SetAllAsync(IEnumerable<string> keys, ReadOnlyMemory<byte> value) =>
        await _node.Kv.SetManyAsync(keys.Select(k => KeyValuePair.Create(k, value)), Cancel);

    private async Task<List<KvEntry>> ListAsync(KvScanOptions options)
    {
        var entries = new List<KvEntry>();
        await foreach (var entry in _node.Kv.ScanAsync(default, options, Cancel))
            entries.Add(entry);
        return entries;
    }
}
