using System.Text;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>Views of a prefix and the default implementations of the contract, on a real node.</summary>
public sealed class KeyPrefixTests : IAsyncLifetime
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
    public async Task A_lock_of_a_prefix_guards_writes_of_its_view()
    {
        var tenant = _node.Kv.WithKeyPrefix("tenant/");
        var coordination = _node.Coordination.WithKeyPrefix("tenant/");
        await using var whole = await _node.Coordination.AcquireLockAsync("job", cancellationToken: Cancel);
        var held = await coordination.AcquireLockAsync("job", cancellationToken: Cancel);
        Assert.Null(await coordination.TryAcquireLockAsync("job", cancellationToken: Cancel));

        var write = new KvTransaction().If(held.StillHeld);
        write.Then.Set("k", "mine"u8.ToArray());
        Assert.True((await tenant.CommitAsync(write, Cancel)).Succeeded);
        Assert.Equal("mine", await _node.Kv.GetStringAsync("tenant/k", cancellationToken: Cancel));
        Assert.True((await tenant.GetAsync(held.Key, cancellationToken: Cancel)).Found);
        var leases = await _node.Leases.WithKeyPrefix("tenant/").ListAsync(cancellationToken: Cancel);
        Assert.Equal((held.Key, _node.Cluster.Status.NodeId), (leases.Single().FirstKeys.Single(), leases.Single().Holder));
        await Assert.ThrowsAsync<RaftKvReservedKeyException>(
            async () => await tenant.SetAsync(held.Key, default, cancellationToken: Cancel));

        await held.DisposeAsync();
        Assert.False((await tenant.CommitAsync(write, Cancel)).Succeeded);
    }

    [Fact]
    public async Task The_contracts_defaults_answer_as_the_node_does()
    {
        IDistributedKv small = new SixMethods(_node.Kv);
        foreach (var key in (string[])["a", "a/", "a/1", "a/b/2", "a/b/3", "a/ü", "b/😀/x", "c"])
            await _node.Kv.SetStringAsync(key, key, cancellationToken: Cancel);

        Assert.Equal(await ListAsync(_node.Kv.ScanAsync(default, default, Cancel)),
            await ListAsync(small.ScanAsync(default, default, Cancel)));
        KvKeyRange[] ranges = [default, KvKeyRange.StartingWith("a/"), KvKeyRange.Between("a/1", "c"), KvKeyRange.Exactly("c")];
        foreach (var range in ranges)
        {
            Assert.Equal(await _node.Kv.CountAsync(range, cancellationToken: Cancel),
                await small.CountAsync(range, cancellationToken: Cancel));
            var limited = new KvScanOptions { Limit = 3, After = "a", KeysOnly = true };
            Assert.Equal(await ListAsync(_node.Kv.ScanAsync(range, limited, Cancel)),
                await ListAsync(small.ScanAsync(range, limited, Cancel)));
        }
        (string, string?)[] directories = [("", null), ("a", null), ("a/", null), ("a/", "a/b/"), ("", "a/"), ("b/", null)];
        foreach (var (prefix, after) in directories)
        {
            Assert.Equal(await ListAsync(_node.Kv.ListChildrenAsync(prefix, after: after, cancellationToken: Cancel)),
                await ListAsync(small.ListChildrenAsync(prefix, after: after, cancellationToken: Cancel)));
        }
        Assert.True(small.TryRead("c", 0, static (value, _, _) => Encoding.UTF8.GetString(value), out var text));
        Assert.Equal("c", text);
    }

    private static async Task<List<T>> ListAsync<T>(IAsyncEnumerable<T> items)
    {
        var list = new List<T>();
        await foreach (var item in items)
            list.Add(item);
        return list;
    }

    /// <summary>A store that implements only the six required methods.</summary>
    private sealed class SixMethods(IDistributedKv kv) : IDistributedKv
    {
        public ValueTask<KvGetResult> GetAsync(string key, KvReadOptions options = default,
            CancellationToken cancellationToken = default) =>
            kv.GetAsync(key, options, cancellationToken);

        public ValueTask<KvWriteResult> SetAsync(string key, ReadOnlyMemory<byte> value, KvSetOptions options = default,
            CancellationToken cancellationToken = default) => kv.SetAsync(key, value, options, cancellationToken);

        public ValueTask<KvWriteResult> DeleteAsync(string key, KvDeleteOptions options = default,
            CancellationToken cancellationToken = default) => kv.DeleteAsync(key, options, cancellationToken);

        public ValueTask<KvTransactionResult> CommitAsync(KvTransaction transaction, CancellationToken cancellationToken = default) =>
            kv.CommitAsync(transaction, cancellationToken);

        /// <summary>At most two entries for each page, so that a scan has several pages.</summary>
        public ValueTask<KvScanPage> ScanPageAsync(KvKeyRange range, KvScanOptions options = default,
            CancellationToken cancellationToken = default) =>
            kv.ScanPageAsync(range, options with { Limit = Math.Min(options.Limit, 2) }, cancellationToken);

        public IAsyncEnumerable<KvEvent> WatchAsync(KvKeyRange range, KvWatchOptions options = default,
            CancellationToken cancellationToken = default) => kv.WatchAsync(range, options, cancellationToken);
    }
}
