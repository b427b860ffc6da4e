using System.Text;
using RaftKv.Contract.Tests.Fakes;
using RaftKv.Embedded;
using Xunit;

namespace RaftKv.Contract.Tests;

/// <summary>Default methods of a store work on an implementation that has only the six required methods.</summary>
public sealed class FakeStoreTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Reads_in_place_come_from_get()
    {
        IDistributedKv kv = new FakeKv();
        await kv.SetStringAsync("k", "four", cancellationToken: Cancel);

        Assert.True(kv.TryRead("k", 1, static (value, _, more) => value.Length + more, out var length));
        Assert.Equal(5, length);
        Assert.False(kv.TryRead("none", 1, static (value, _, more) => value.Length + more, out length));
        Assert.Equal(new KvReadResult<int>(true, 6),
            await kv.ReadAsync("k", 2, static (value, _, more) => value.Length + more, cancellationToken: Cancel));
        Assert.Equal(default, await kv.ReadAsync("none", 2, static (value, _, more) => value.Length + more, cancellationToken: Cancel));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(1000)]
    public async Task Scans_counts_and_directories_come_from_pages(int pageEntries)
    {
        IDistributedKv kv = new FakeKv { PageEntries = pageEntries };
        foreach (var key in (string[])["a/1", "a/b/2", "a/b/3", "a/c", "a/d/4", "b"])
            await kv.SetStringAsync(key, key, cancellationToken: Cancel);

        Assert.Equal(["a/1", "a/b/2", "a/b/3", "a/c", "a/d/4", "b"], await KeysAsync(kv.ScanAsync(default, default, Cancel)));
        Assert.Equal(["a/b/2", "a/b/3", "a/c"],
            await KeysAsync(kv.ScanAsync(KvKeyRange.StartingWith("a/"), new KvScanOptions { After = "a/1", Limit = 3 }, Cancel)));
        Assert.Equal(5, await kv.CountAsync(KvKeyRange.StartingWith("a/"), cancellationToken: Cancel));
        Assert.Equal(["a/1", "a/b/*", "a/c", "a/d/*"], await ChildrenAsync(kv, "a/", null));
        Assert.Equal(["a/c", "a/d/*"], await ChildrenAsync(kv, "a/", "a/b/"));
        Assert.Equal(["a/*", "b"], await ChildrenAsync(kv, "", null));
    }

    [Fact]
    public async Task A_view_follows_any_store()
    {
        IDistributedKv kv = new FakeKv();
        await kv.SetStringAsync("v/1", "one", cancellationToken: Cancel);
        await using var view = await kv.OpenStringViewAsync("v/", cancellationToken: Cancel);
        Assert.Equal("one", view["v/1"]);

        var changed = new TaskCompletionSource();
        using var registration = view.GetChangeToken().RegisterChangeCallback(_ => changed.TrySetResult(), null);
        await kv.SetStringAsync("v/1", "two", cancellationToken: Cancel);
        await changed.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancel);
        Assert.Equal("two", view["v/1"]);
    }

    [Fact]
    public async Task A_view_of_a_store_whose_watches_end_opens_and_begins_them_anew()
    {
        IDistributedKv kv = new EndingWatchKv(new FakeKv());
        await kv.SetStringAsync("v/1", "one", cancellationToken: Cancel);
        await using var view = await Task.Run(() => kv.OpenStringViewAsync("v/", cancellationToken: Cancel), Cancel)
            .WaitAsync(TimeSpan.FromSeconds(60), Cancel);
        Assert.Equal("one", view["v/1"]);

        await kv.SetStringAsync("v/1", "two", cancellationToken: Cancel);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (view["v/1"] != "two")
            await Task.Delay(10, limit.Token);
    }

    [Fact]
    public void An_age_is_not_negative()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => KvReadOptions.NotOlderThan(TimeSpan.FromTicks(-1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new KvScanOptions { MaxAge = TimeSpan.FromTicks(-1) });
        Assert.Equal(TimeSpan.Zero, KvReadOptions.NotOlderThan(TimeSpan.Zero).MaxAge);
    }

    [Fact]
    public async Task A_view_can_be_faked()
    {
        await using var fake = new FakeView<int>();
        KvView<int> view = fake;
        var token = view.GetChangeToken();
        fake.Set("a", 1);

        Assert.True(token.HasChanged);
        Assert.Equal(1, view["a"]);
        Assert.False(view.TryGetValue("b", out _));
    }

    [Fact]
    public async Task A_delegating_store_changes_one_call()
    {
        var counting = new CountingKv(new FakeKv());
        IDistributedKv kv = counting;
        await kv.SetStringAsync("k", "v", cancellationToken: Cancel);

        Assert.Equal("v", await kv.GetStringAsync("k", cancellationToken: Cancel));
        Assert.Equal(1, counting.Reads);
        Assert.Equal(["k"], await KeysAsync(kv.ScanAsync(default, default, Cancel)));
    }

    [Fact]
    public async Task A_transaction_can_be_read_and_built_from_its_parts()
    {
        var transaction = new KvTransaction().If(KvCompare.Value("a", KvRelation.Equal, "x"u8.ToArray()),
            KvCompare.Lease("b", KvRelation.Less, 5));
        transaction.Then.Set("a", "y"u8.ToArray()).Increment("n", 3);

        Assert.Equal("x", Encoding.UTF8.GetString(transaction.Compares[0].Bytes.Span));
        Assert.Equal((KvCompareTarget.Lease, KvRelation.Less, 5L),
            (transaction.Compares[1].Target, transaction.Compares[1].Relation, transaction.Compares[1].Number));
        Assert.Equal([KvTransactionOperationKind.Set, KvTransactionOperationKind.Increment],
            transaction.Then.Operations.Select(o => o.Kind));

        var copy = new KvTransactionBranch();
        foreach (var operation in transaction.Then.Operations)
            copy.Add(operation);
        Assert.Equal(transaction.Then.Operations, copy.Operations);
        Assert.Throws<ArgumentNullException>(() => copy.Add(new() { Kind = KvTransactionOperationKind.Get }));
        Assert.Throws<ArgumentException>(() => copy.Add(new() { Kind = (KvTransactionOperationKind)99, Key = "k" }));
        Assert.Throws<ArgumentException>(
            () => copy.Add(new() { Kind = KvTransactionOperationKind.Set, Key = "k", Options = new() { When = KvCondition.Exists } }));
        await new FakeKv().CommitAsync(transaction, Cancel);
    }

    private static async Task<List<string>> KeysAsync(IAsyncEnumerable<KvEntry> entries)
    {
        var keys = new List<string>();
        await foreach (var entry in entries)
            keys.Add(entry.Key);
        return keys;
    }

    private static async Task<List<string>> ChildrenAsync(IDistributedKv kv, string prefix, string? after)
    {
        var names = new List<string>();
        await foreach (var child in kv.ListChildrenAsync(prefix, after: after, cancellationToken: Cancel))
            names.Add(child.IsGroup ? child.Name + "*" : child.Name);
        return names;
    }
}
