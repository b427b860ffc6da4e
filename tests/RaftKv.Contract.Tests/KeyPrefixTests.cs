using System.Text;
using RaftKv.Contract.Tests.Fakes;
using RaftKv.Embedded;
using Xunit;

namespace RaftKv.Contract.Tests;

/// <summary>
/// A store, locks and leases that are restricted to a prefix behave as separate ones, and reach no key outside of the prefix.
/// </summary>
public sealed class KeyPrefixTests
{
    private readonly FakeKv _store = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IDistributedKv Whole => _store;

    private IDistributedKv Tenant => _store.WithKeyPrefix("t/");

    [Fact]
    public async Task Keys_are_stored_with_the_prefix_and_read_without()
    {
        await Whole.SetStringAsync("k", "other", cancellationToken: Cancel);
        await Tenant.SetStringAsync("k", "mine", cancellationToken: Cancel);

        Assert.Equal("mine", await Whole.GetStringAsync("t/k", cancellationToken: Cancel));
        Assert.Equal("mine", await Tenant.GetStringAsync("k", cancellationToken: Cancel));
        Assert.True(Tenant.TryRead("k", 0, static (value, _, _) => value.Length, out var length));
        Assert.Equal(4, length);
        Assert.Equal(4, (await Tenant.ReadAsync("k", 0, static (value, _, _) => value.Length, cancellationToken: Cancel)).Result);
        Assert.Equal("mine", (await Tenant.GetManyAsync(["k", "none"], cancellationToken: Cancel))["k"].GetString());
        Assert.False((await Tenant.SetAsync("k", default, new KvSetOptions { When = KvCondition.NotExists }, Cancel)).Applied);
        Assert.True((await Tenant.DeleteAsync("k", cancellationToken: Cancel)).Applied);
        Assert.Equal(["k"], _store.Keys);
    }

    [Fact]
    public async Task An_empty_key_or_prefix_is_refused()
    {
        await Assert.ThrowsAsync<ArgumentException>(async () => await Tenant.GetAsync("", cancellationToken: Cancel));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await Tenant.SetAsync(null!, default, cancellationToken: Cancel));
        Assert.Throws<ArgumentException>(() => Whole.WithKeyPrefix(""));
        Assert.ThrowsAny<ArgumentException>(() => Whole.WithKeyPrefix("\ud83d"));
    }

    [Fact]
    public async Task Scans_stay_inside_the_prefix()
    {
        foreach (var key in (string[])["s/z", "t/a", "t/b/1", "t/b/2", "t/c", "t0"])
            await Whole.SetStringAsync(key, key, cancellationToken: Cancel);

        Assert.Equal(["a", "b/1", "b/2", "c"], await KeysAsync(Tenant, default));
        Assert.Equal(["b/1", "b/2"], await KeysAsync(Tenant, KvKeyRange.StartingWith("b/")));
        Assert.Equal(["b/2", "c"], await KeysAsync(Tenant, KvKeyRange.Between("b/2", null)));
        Assert.Equal(["a"], await KeysAsync(Tenant, KvKeyRange.Between(null, "b")));
        Assert.Equal(["c"], await KeysAsync(Tenant, KvKeyRange.Exactly("c")));
        Assert.Equal(["b/2", "c"], await KeysAsync(Tenant, default, new KvScanOptions { After = "b/1" }));
        Assert.Equal(["b/1", "a"], await KeysAsync(Tenant, default, new KvScanOptions { After = "b/2", Descending = true }));
        Assert.Equal(4, await Tenant.CountAsync(default, cancellationToken: Cancel));
        var page = await Tenant.ScanPageAsync(default, new KvScanOptions { Limit = 2 }, Cancel);
        Assert.Equal("b/1", page.Next);
        Assert.Equal(["a", "b/1"], page.Entries.Select(e => e.Key));
        Assert.Equal(["a", "b/", "c"], await ChildrenAsync(Tenant, "", null));
        Assert.Equal(["b/2"], await ChildrenAsync(Tenant, "b/", "b/1"));
    }

    [Fact]
    public async Task Transactions_stay_inside_the_prefix()
    {
        await Whole.SetStringAsync("n", "5", cancellationToken: Cancel);
        var transaction = new KvTransaction().If(KvCompare.NotExists("n"),
            KvCompare.CreateVersion(KvKeyRange.All, KvRelation.Equal, KvVersion.None));
        transaction.Then.Increment("n", 2).Set("m", "x"u8.ToArray()).Get("m");
        var committed = await Tenant.CommitAsync(transaction, Cancel);
        Assert.Equal((true, 2L, "x"), (committed.Succeeded, committed.GetNumber("n"), committed.GetRead("m").GetString()));
        Assert.Equal(["n", "t/m", "t/n"], _store.Keys);

        var clear = new KvTransaction();
        clear.Then.DeleteRange(KvKeyRange.All);
        Assert.Equal(2, (await Tenant.CommitAsync(clear, Cancel)).Results[0].Deleted);
        Assert.Equal(["n"], _store.Keys);
    }

    [Fact]
    public async Task Watches_and_views_have_keys_without_the_prefix()
    {
        await Tenant.SetStringAsync("a", "1", cancellationToken: Cancel);
        await using var view = await Tenant.OpenStringViewAsync("", cancellationToken: Cancel);
        Assert.Equal("1", view["a"]);

        await using var watch = Tenant.WatchAsync(default, new KvWatchOptions { InitialState = true }, Cancel).GetAsyncEnumerator(Cancel);
        Assert.True(await watch.MoveNextAsync());
        Assert.Equal("a", watch.Current.Key);
        Assert.True(await watch.MoveNextAsync());
        Assert.Equal((KvEventKind.InitialStateEnd, ""), (watch.Current.Kind, watch.Current.Key));
        var next = watch.MoveNextAsync();
        await Whole.SetStringAsync("b", "other", cancellationToken: Cancel);
        await Tenant.SetStringAsync("b", "mine", cancellationToken: Cancel);
        Assert.True(await next);
        Assert.Equal("b", watch.Current.Key);
    }

    [Fact]
    public async Task A_condition_that_failed_has_its_key_without_the_prefix()
    {
        await Whole.SetStringAsync("a", "other", cancellationToken: Cancel);

        var result = await Tenant.CommitAsync(new KvTransaction().If(KvCompare.NotExists("b"), KvCompare.Exists("a")), Cancel);

        Assert.Equal(new KvFailedCompare { Index = 1, Key = "a" }, result.FailedCompare);
    }

    [Fact]
    public async Task Previous_entries_have_keys_without_the_prefix()
    {
        await Tenant.SetStringAsync("a", "1", cancellationToken: Cancel);
        var options = new KvWatchOptions { PreviousValues = true };
        await using var watch = new DelegatingKv(Tenant).WatchAsync(default, options, Cancel).GetAsyncEnumerator(Cancel);
        var next = watch.MoveNextAsync();
        await Tenant.SetStringAsync("a", "2", cancellationToken: Cancel);
        Assert.True(await next);
        Assert.Equal(("a", "1"), (watch.Current.Previous!.Value.Key, Encoding.UTF8.GetString(watch.Current.Previous.Value.Value.Span)));
        await Tenant.SetStringAsync("b", "3", cancellationToken: Cancel);
        Assert.True(await watch.MoveNextAsync());
        Assert.Null(watch.Current.Previous);
    }

    [Fact]
    public async Task Locks_of_two_prefixes_are_two_locks_and_guard_writes_of_their_own_view()
    {
        IRaftKvCoordination whole = new FakeCoordination(_store);
        await using var held = await whole.WithKeyPrefix("t/").AcquireLockAsync("job", cancellationToken: Cancel);
        await using var other = await whole.WithKeyPrefix("u/").AcquireLockAsync("job", cancellationToken: Cancel);

        Assert.Equal(("job", ".locks/job/1"), (held.Name, held.Key));
        Assert.Equal([".locks/t%2Fjob/1", ".locks/u%2Fjob/1"], _store.Keys);
        Assert.Null(await whole.WithKeyPrefix("t/").TryAcquireLockAsync("job", cancellationToken: Cancel));
        Assert.NotNull(await whole.WithKeyPrefix("t/").GetHolderAsync("job", Cancel));
        Assert.NotNull(await whole.GetHolderAsync("t/job", Cancel));

        var guarded = new KvTransaction().If(held.StillHeld);
        guarded.Then.Set("k", default);
        Assert.True((await Tenant.CommitAsync(guarded, Cancel)).Succeeded);
        Assert.False((await _store.WithKeyPrefix("u/").CommitAsync(guarded, Cancel)).Succeeded);
        Assert.Equal([".locks/job/1"], await KeysAsync(Tenant, KvKeyRange.StartingWith(".locks/")));
        Assert.Equal([".locks/job/1"], await KeysAsync(Tenant, KvKeyRange.Exactly(held.Key)));
        Assert.Equal([".locks/job/"], await ChildrenAsync(Tenant, ".locks/", null));

        await held.ReleaseAsync(Cancel);
        Assert.True(held.IsLost);
        Assert.False((await Tenant.CommitAsync(guarded, Cancel)).Succeeded);
    }

    [Fact]
    public async Task Leadership_and_ephemeral_keys_are_inside_the_prefix()
    {
        IRaftKvCoordination tenant = new FakeCoordination(_store).WithKeyPrefix("t/");
        var name = "";
        await tenant.RunWhenLeaderAsync("job", (leadership, _) =>
        {
            name = leadership.Name;
            return Task.CompletedTask;
        }, cancellationToken: Cancel);
        await tenant.SetEphemeralAsync("here", default, Cancel);

        Assert.Equal("job", name);
        Assert.Equal(["t/here"], _store.Keys);
    }

    [Fact]
    public async Task Leases_have_the_keys_of_the_prefix_only()
    {
        IRaftKvLeases leases = new FakeLeases(_store);
        var mine = await leases.WithKeyPrefix("t/").GrantAsync(TimeSpan.FromSeconds(9), Cancel);
        var both = await leases.GrantAsync(TimeSpan.FromSeconds(9), Cancel);
        await leases.GrantAsync(TimeSpan.FromSeconds(9), Cancel);
        await Tenant.SetAsync("a", default, new KvSetOptions { LeaseId = mine.Id }, Cancel);
        for (var i = 0; i < 12; i++)
            await Whole.SetAsync($"s/{i}", default, new KvSetOptions { LeaseId = both.Id }, Cancel);
        await Tenant.SetAsync("b", default, new KvSetOptions { LeaseId = both.Id }, Cancel);

        var inside = await leases.WithKeyPrefix("t/").ListAsync(limit: 2, cancellationToken: Cancel);
        Assert.Equal([(mine.Id, 1, "a"), (both.Id, 1, "b")], inside.Select(l => (l.LeaseId, l.KeyCount, l.FirstKeys.Single())));
        Assert.Empty(await leases.WithKeyPrefix("t/").ListAsync(after: both.Id, cancellationToken: Cancel));
        Assert.Equal(["b"], (await leases.WithKeyPrefix("t/").GetAsync(both.Id, Cancel))!.Keys);
        Assert.True(await leases.WithKeyPrefix("t/").RevokeAsync(mine.Id, Cancel));
    }

    [Fact]
    public async Task Prefixes_can_be_nested()
    {
        var inner = Tenant.WithKeyPrefix("u/");
        IRaftKvCoordination coordination = new FakeCoordination(_store).WithKeyPrefix("t/").WithKeyPrefix("u/");
        await using var held = await coordination.AcquireLockAsync("job", cancellationToken: Cancel);
        var guarded = new KvTransaction().If(held.StillHeld);
        guarded.Then.Set("k", default);

        Assert.True((await inner.CommitAsync(guarded, Cancel)).Succeeded);
        Assert.Equal([".locks/t%2Fu%2Fjob/1", "t/u/k"], _store.Keys);
    }

    private static async Task<List<string>> KeysAsync(IDistributedKv kv, KvKeyRange range, KvScanOptions options = default)
    {
        var keys = new List<string>();
        await foreach (var entry in kv.ScanAsync(range, options, Cancel))
            keys.Add(entry.Key);
        return keys;
    }

    private static async Task<List<string>> ChildrenAsync(IDistributedKv kv, string prefix, string? after)
    {
        var names = new List<string>();
        await foreach (var child in kv.ListChildrenAsync(prefix, after: after, cancellationToken: Cancel))
            names.Add(child.Name);
        return names;
    }

    private sealed class DelegatingKv(IDistributedKv inner) : DelegatingDistributedKv(inner);
}
