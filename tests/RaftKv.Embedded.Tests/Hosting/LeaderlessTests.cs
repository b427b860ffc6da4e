using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using RaftKv.Embedded.DataProtection;
using RaftKv.Embedded.Storage;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>A node without a quorum serves its own copy to reads that allow it, also after it was restarted alone.</summary>
public sealed class LeaderlessTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestFolder _folder = new();
    private readonly int[] _ports = FreePorts.Take(3);
    private readonly List<ServiceProvider> _applications = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _applications.ForEach(application => application.Dispose());
        _folder.Dispose();
    }

    [Fact]
    public async Task A_refresh_asks_no_other_node()
    {
        await using var cluster = await TestNodes.StartAsync(StartAsync, Cancel);
        var node = cluster.All[0];
        var cache = node.Services.GetRequiredKeyedService<IDistributedCache>("strict");
        await cache.SetAsync("key", [1], new() { SlidingExpiration = TimeSpan.FromHours(1) }, Cancel);
        foreach (var other in cluster.All.Skip(1))
            await other.StopAsync();

        // A read that is not allowed to be stale waits for a quorum meanwhile.
        var read = cache.GetAsync("key", Cancel);
        await cache.RefreshAsync("key", Cancel);
        await Task.Run(() => cache.Refresh("key"), Cancel);

        Assert.False(read.IsCompleted);
        Assert.Equal(RaftKvUnavailableReason.NoLeader, (await Assert.ThrowsAsync<RaftKvUnavailableException>(() => read)).Reason);
    }

    [Fact]
    public async Task Without_a_leader_a_read_that_may_be_stale_has_the_own_copy_and_a_cache_refuses_writes_at_once()
    {
        await using var cluster = await TestNodes.StartAsync(StartAsync, Cancel);
        var node = cluster.All[0];
        var cache = node.Services.GetRequiredService<IDistributedCache>();
        await cache.SetAsync("key", [1], new(), Cancel);
        Assert.Equal(TimeSpan.Zero, (await node.Kv.GetAsync("cache/key", OrStale, Cancel)).Age);
        foreach (var other in cluster.All.Skip(1))
            await other.StopAsync();

        // These reads wait until the leader has been missing for long enough. Linearizable reads fail.
        var strict = node.Kv.GetAsync("cache/key", cancellationToken: Cancel).AsTask();
        var read = await node.Kv.GetAsync("cache/key", OrStale, Cancel);
        Assert.True(read.Found && read.Age > TimeSpan.Zero, $"{read.Found}, {read.Age}");
        Assert.Equal([1], (await cache.GetAsync("key", Cancel))!);
        Assert.Equal([1], await Task.Run(() => cache.Get("key"), Cancel));
        var scan = new KvScanOptions { StaleWithoutLeader = true };
        Assert.Equal(["cache/key"], await node.Kv.ScanAsync(KvKeyRange.All, scan, Cancel).Select(e => e.Key).ToListAsync(Cancel));

        // The store's own write still waits for a leader, while the cache refuses writes.
        var write = node.Kv.SetAsync("other", new byte[] { 1 }, cancellationToken: Cancel).AsTask();
        Assert.Equal(RaftKvUnavailableReason.NoLeader, (await Assert.ThrowsAsync<RaftKvUnavailableException>(() => cache.SetAsync("key", [2], new(), Cancel))).Reason);
        await Assert.ThrowsAsync<RaftKvUnavailableException>(() => cache.RemoveAsync("key", Cancel));
        Assert.Throws<RaftKvUnavailableException>(() => cache.Set("key", [2], new()));
        Assert.False(write.IsCompleted);
        await Assert.ThrowsAsync<RaftKvUnavailableException>(() => strict);
        await Assert.ThrowsAsync<RaftKvUnavailableException>(() => write);
    }

    [Fact]
    public async Task A_node_that_was_restarted_alone_serves_what_it_had_served_and_has_its_key_ring()
    {
        KvVersion written;
        await using (var cluster = await TestNodes.StartAsync(StartAsync, Cancel))
        {
            var node = cluster.All[0];
            Repository(node).StoreElement(new XElement("key", "secret"), "key-1");
            written = (await node.Kv.SetAsync("key", new byte[] { 1 }, cancellationToken: Cancel)).Version;
        }

        await using var alone = await StartAsync(1);

        var read = await alone.Kv.GetAsync("key", KvReadOptions.Stale, Cancel);
        Assert.Equal((true, written), (read.Found, read.Version));
        Assert.True(alone.Kv.TryRead("key", 0, (_, _, _) => true, out bool _));
        Assert.Equal("secret", Assert.Single(Repository(alone).GetAllElements()).Value);
        // A read is refused when the copy is older than the version that the caller requires.
        var ahead = KvReadOptions.AtLeast(new KvVersion(written.Value + 1000));
        Assert.Equal(RaftKvUnavailableReason.NotReady, (await Assert.ThrowsAsync<RaftKvUnavailableException>(async () => await alone.Kv.GetAsync("key", ahead, Cancel))).Reason);
    }

    [Fact]
    public async Task A_node_that_was_killed_has_marked_what_it_served()
    {
        await using var cluster = await TestNodes.StartAsync(StartAsync, Cancel);
        var node = cluster.All[0];
        var written = await node.Kv.SetAsync("key", new byte[] { 1 }, cancellationToken: Cancel);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(Patience);

        // A kill leaves the files as they are while the node runs.
        var copy = _folder.Sub("copy");
        while (MarkIn(copy) < written.Version.Value)
            await Task.Delay(20, limit.Token);
    }

    private static KvReadOptions OrStale => new() { StaleWithoutLeader = true };

    private long MarkIn(string copy)
    {
        Directory.CreateDirectory(copy);
        File.Copy(Path.Combine(_folder.Sub("node1"), AppliedMark.FileName), Path.Combine(copy, AppliedMark.FileName), overwrite: true);
        using var mark = AppliedMark.Open(new OsFileSystem(), copy);
        return mark.Found.Index;
    }

    private IXmlRepository Repository(TestNode node)
    {
        var services = new ServiceCollection().AddLogging().AddSingleton(node.Kv);
        services.AddDataProtection().PersistKeysToRaftKv();
        var application = services.BuildServiceProvider();
        _applications.Add(application);
        return application.GetRequiredService<IOptions<KeyManagementOptions>>().Value.XmlRepository!;
    }

    private Task<TestNode> StartAsync(int number) => TestNode.StartAsync(o =>
    {
        o.BeOneOf(number, _ports, _folder);
        o.RequestTimeout = TimeSpan.FromSeconds(12);
    }, raftKv => raftKv
        .AddDistributedCache(o => o.Consistency = KvConsistency.Linearizable)
        .AddKeyedDistributedCache("strict", o => (o.KeyPrefix, o.Consistency, o.StaleWithoutLeader) = ("strict/", KvConsistency.Linearizable, false)));
}
