using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using RaftKv.Embedded.DataProtection;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>Applications can read reserved keys, and only the library can write them.</summary>
public sealed class ReservedKeysTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private TestNode _node = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _node = await TestNode.StartAsync(o => o.DataDirectory = _folder.Path,
        replica => replica.Services.AddDataProtection().SetApplicationName("tests").PersistKeysToRaftKv("shop/ring/"));

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(".locks/orders/0000000000000000001", ".locks/", "IRaftKvCoordination")]
    [InlineData("$raftkv/once/20260101/a", "$raftkv/", "another key")]
    [InlineData("$raftkv/", "$raftkv/", "another key")]
    [InlineData("shop/ring/keys/key-1", "shop/ring/keys/", "IKeyManager")]
    [InlineData("shop/ring/revocations/1", "shop/ring/revocations/", "IKeyManager")]
    public async Task No_call_writes_a_reserved_key_and_the_error_says_what_to_use_instead(string key, string prefix, string instead)
    {
        var kv = _node.Kv;
        Func<Task>[] writes =
        [
            async () => await kv.SetAsync(key, default, cancellationToken: Cancel),
            async () => await kv.DeleteAsync(key, cancellationToken: Cancel),
            async () => await kv.IncrementAsync(key, cancellationToken: Cancel),
            async () => await kv.TryCreateAsync(key, default, cancellationToken: Cancel),
            async () => await kv.CompareAndSwapAsync(key, default, default, Cancel),
            async () => await kv.SetManyAsync([new("a", default), new(key, default)], Cancel),
            async () => await _node.Coordination.SetEphemeralAsync(key, default, Cancel),
            async () => await CommitAsync(t => t.Else.Delete(key)),
            async () => await CommitAsync(t => t.Then.Set("a", default).DeleteRange(KvKeyRange.StartingWith(key))),
            async () => await CommitAsync(t => t.Then.DeleteRange(KvKeyRange.StartingWith(prefix[..2]))),
            async () => await CommitAsync(t => t.Then.DeleteRange(KvKeyRange.All)),
            async () => await CommitAsync(t => t.Then.DeleteRange(KvKeyRange.Between("!", null))),
        ];

        foreach (var write in writes)
        {
            var refused = await Assert.ThrowsAsync<RaftKvReservedKeyException>(write);
            Assert.Equal((KvOutcome.NotApplied, false), (refused.Outcome, refused.IsTransient));
            Assert.Contains("Nothing was written.", refused.Message);
        }
        var named = await Assert.ThrowsAsync<RaftKvReservedKeyException>(writes[0]);
        Assert.Equal(prefix, named.Prefix);
        Assert.Contains(instead, named.Message);
        foreach (var untouched in new[] { key, "a" })
            Assert.False((await kv.GetAsync(untouched, cancellationToken: Cancel)).Found);
    }

    [Fact]
    public async Task The_library_goes_on_writing_its_own_keys_and_the_application_those_beside_them()
    {
        var protector = _node.Services.GetRequiredService<IDataProtectionProvider>().CreateProtector("tests");
        var secret = await Task.Run(() => protector.Protect("s"), Cancel);
        await using (await _node.Coordination.AcquireLockAsync("orders", cancellationToken: Cancel))
        {
            Assert.Equal(1, await _node.Kv.CountAsync(KvKeyRange.StartingWith(".locks/"), cancellationToken: Cancel));
        }
        foreach (var key in new[] { ".lock", ".locks", "$raftkv", "shop/ring/other", "data-protection/keys/1", "cache/a" })
            Assert.True((await _node.Kv.SetAsync(key, default, cancellationToken: Cancel)).Applied);
        await CommitAsync(t => t.Then.DeleteRange(KvKeyRange.StartingWith("cache/")).DeleteRange(KvKeyRange.Between("data",
            "e")).Get(".locks/a"));

        Assert.Equal("s", protector.Unprotect(secret));
        var element = Assert.Single(await _node.Kv.ScanAsync(KvKeyRange.StartingWith("shop/ring/keys/"),
            cancellationToken: Cancel).ToListAsync(Cancel));
        await Assert.ThrowsAsync<ArgumentException>(() => RaftKvKeyRing.DeleteElementAsync(_node.Kv, ".locks/orders/1", Cancel));
        Assert.True(await RaftKvKeyRing.DeleteElementAsync(_node.Kv, element.Key, Cancel));
        Assert.False(await RaftKvKeyRing.DeleteElementAsync(_node.Kv, element.Key, Cancel));
    }

    private async Task CommitAsync(Action<KvTransaction> fill)
    {
        var transaction = new KvTransaction();
        fill(transaction);
        await _node.Kv.CommitAsync(transaction, Cancel);
    }
}
