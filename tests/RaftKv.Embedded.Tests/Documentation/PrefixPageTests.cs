using RaftKv.Embedded.Tests.Hosting;
using Xunit;

namespace RaftKv.Embedded.Tests.Documentation;

/// <summary>The documented code for key prefixes is compiled, works, and equals the page.</summary>
public sealed class PrefixPageTests
{
    [Fact]
    public void The_page_shows_this_code() => DocumentedCode.IsThatOf("PrefixPageTests.cs", "A part of the keys as a store");

    [Fact]
    public async Task It_does_what_it_says()
    {
        using var folder = new TestFolder();
        await using var node = await TestNode.StartAsync(o => o.DataDirectory = folder.Path);
        var (kv, coordination) = (node.Kv, node.Coordination);
        byte[] data = [1];

#pragma warning disable xUnit1051 // The page has no token.
        // DOCS: A part of the keys as a store
        IDistributedKv tenant = kv.WithKeyPrefix("tenants/7/");                          // also for IRaftKvLeases and IRaftKvCoordination
        await tenant.SetStringAsync("color", "green");                                   // the key tenants/7/color
        KvWriteResult all = await tenant.SetManyAsync([new("a", data), new("b", data)]); // transactions, scans, watches and views alike

        await using KvLock held = await coordination.WithKeyPrefix("tenants/7/").AcquireLockAsync("reports");
        var guarded = new KvTransaction().If(held.StillHeld);                            // a condition of the tenant's own store
        guarded.Then.Set("reports/last", data);
        await tenant.CommitAsync(guarded);
        // end
#pragma warning restore xUnit1051

        var keys = new List<string>();
        await foreach (var entry in kv.ScanAsync(KvKeyRange.StartingWith("tenants/"), default, TestContext.Current.CancellationToken))
            keys.Add(entry.Key);
        Assert.True(all.Applied);
        Assert.Equal(["tenants/7/a", "tenants/7/b", "tenants/7/color", "tenants/7/reports/last"], keys);
    }
}
