using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using RaftKv.Embedded.DataProtection;
using RaftKv.Embedded.Tests.Hosting;
using Xunit;

namespace RaftKv.Embedded.Tests.DataProtection;

/// <summary>The key ring of Data Protection, with the framework's key manager, on real nodes.</summary>
public sealed class KeyRingTests : IAsyncDisposable
{
    private const string Keys = "data-protection/keys/";

    private readonly TestFolder _folder = new();
    private readonly List<TestNode> _nodes = [];
    private readonly List<ServiceProvider> _applications = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach (var application in _applications)
            await application.DisposeAsync();
        foreach (var node in _nodes)
            await node.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Three_nodes_that_all_find_no_key_create_one()
    {
        await StartAsync(3);
        // Each node has read the empty ring, as if all had started at the same moment.
        var repositories = _applications.Select(Repository).ToArray();
        Assert.All(repositories, r => Assert.Empty(r.GetAllElements()));
        await Task.WhenAll(repositories.Select((r, i) => Task.Run(() => r.StoreElement(new XElement("key", i), $"key-{i}"), Cancel)));

        var first = Assert.Single(repositories[0].GetAllElements());
        Assert.All(repositories, r => Assert.Equal(first.Value, Assert.Single(r.GetAllElements()).Value));

        // Once the ring has a key, a further key is added to it.
        repositories[2].StoreElement(new XElement("key", "later"), "key-later");
        Assert.Equal(2, repositories[0].GetAllElements().Count);
    }

    [Fact]
    public async Task What_one_node_protects_the_others_unprotect_also_after_the_leader_is_gone()
    {
        await StartAsync(3);
        var protectors = _applications.Select(a => a.GetRequiredService<IDataProtectionProvider>().CreateProtector("tests")).ToArray();

        var secrets = await Task.WhenAll(protectors.Select((p, i) => Task.Run(() => p.Protect($"from node {i}"), Cancel)));

        Assert.Equal(1, await _nodes[0].Kv.CountAsync(KvKeyRange.StartingWith(Keys), cancellationToken: Cancel));
        foreach (var protector in protectors)
            Assert.Equal(["from node 0", "from node 1", "from node 2"], secrets.Select(s => protector.Unprotect(s)));

        var leader = _nodes.FindIndex(n => n.Cluster.Status.Role == RaftKvRole.Leader);
        await _nodes[leader].StopAsync();
        var (one, other) = ((leader + 1) % 3, (leader + 2) % 3);
        _applications[one].GetRequiredService<IKeyManager>().CreateNewKey(DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddDays(90));
        Assert.Equal("still", protectors[other].Unprotect(protectors[one].Protect("still")));
    }

    [Fact]
    public async Task Revocations_are_stored_each_and_keys_are_deleted_on_request()
    {
        await StartAsync(1);
        var manager = _applications[0].GetRequiredService<IKeyManager>();
        var old = manager.CreateNewKey(DateTimeOffset.UtcNow.AddDays(-20), DateTimeOffset.UtcNow.AddDays(-10));
        var kept = manager.CreateNewKey(DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddDays(90));
        manager.RevokeKey(old.KeyId, "lost");
        manager.RevokeKey(old.KeyId, "and again");

        Assert.True(manager.GetAllKeys().Single(k => k.KeyId == old.KeyId).IsRevoked);
        Assert.Equal(4, Repository(_applications[0]).GetAllElements().Count);

        var deleted = ((IDeletableXmlRepository)Repository(_applications[0])).DeleteElements(all =>
            all.Single(e => (string?)e.Element.Attribute("id") == old.KeyId.ToString()).DeletionOrder = 1);
        Assert.True(deleted);
        Assert.Equal(kept.KeyId, Assert.Single(manager.GetAllKeys()).KeyId);
    }

    [Fact]
    public async Task A_ring_that_cannot_be_read_says_which_element_it_is()
    {
        await StartAsync(1);
        await _nodes[0].Kv.SetAsync(Keys + "key-torn", "<key"u8.ToArray(), cancellationToken: Cancel);

        var refused = Assert.Throws<InvalidDataException>(() => Repository(_applications[0]).GetAllElements());

        Assert.Contains(Keys + "key-torn", refused.Message);
    }

    private static IXmlRepository Repository(IServiceProvider application) => application.GetRequiredService<IOptions<KeyManagementOptions>>().Value.XmlRepository!;

    private async Task StartAsync(int count)
    {
        var ports = FreePorts.Take(count);
        foreach (var number in Enumerable.Range(1, count))
            _nodes.Add(await TestNode.StartAsync(o => o.BeOneOf(number, ports, _folder)));
        foreach (var node in _nodes)
        {
            await node.Cluster.WaitUntilReadyAsync(Cancel);
            var services = new ServiceCollection().AddLogging().AddSingleton(node.Kv);
            services.AddDataProtection().SetApplicationName("tests").PersistKeysToRaftKv();
            _applications.Add(services.BuildServiceProvider());
        }
    }
}
