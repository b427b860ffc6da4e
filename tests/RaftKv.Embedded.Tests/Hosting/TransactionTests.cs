using System.Text;
using RaftKv.Embedded.Tests.StateMachine;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>Transactions, as an application uses them.</summary>
public sealed class TransactionTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private TestNode _node = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IDistributedKv Kv => _node.Kv;

    public async ValueTask InitializeAsync() => _node = await TestNode.StartAsync(o =>
    {
        o.DataDirectory = _folder.Path;
        o.MaxTransactionBytes = 64 * 1024;
    });

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        _folder.Dispose();
    }

    private async Task<KvTransactionResult> CommitAsync(Action<KvTransaction> build)
    {
        var transaction = new KvTransaction();
        build(transaction);
        return await Kv.CommitAsync(transaction, Cancel);
    }

    private async Task<string?> ReadAsync(string key) => await Kv.GetAsync(key, cancellationToken: Cancel) is { Found: true } found ? Encoding.UTF8.GetString(found.Value.Span) : null;

    private static ReadOnlyMemory<byte> Bytes(string text) => Transactions.Utf8(text);

    private static async Task AssertRefused(RaftKvTransactionError error, Func<Task> act)
    {
        var e = await Assert.ThrowsAsync<RaftKvTransactionException>(act);
        Assert.Equal((error, KvOutcome.NotApplied), (e.Error, e.Outcome));
        Assert.Contains("Nothing was written", e.Message);
    }

    [Fact]
    public async Task A_failed_transaction_says_which_condition_failed_first_and_for_which_key()
    {
        await Kv.SetManyAsync([new("r/1", Bytes("a")), new("r/2", Bytes("b")), new("r/3", Bytes("c"))], Cancel);
        var all = KvKeyRange.StartingWith("r/");
        var none = KvKeyRange.StartingWith("none/");

        var isNone = KvCompare.Version(none, KvRelation.Equal, KvVersion.None);
        Assert.Null(await FailedAsync(KvCompare.Exists("r/1"), KvCompare.NotExists("none"), isNone));
        Assert.Equal((1, "none"), await FailedAsync(KvCompare.Exists("r/1"), KvCompare.Exists("none"), KvCompare.Exists("none2")));
        Assert.Equal((0, "r/1"), await FailedAsync(KvCompare.Value("r/1", KvRelation.Equal, Bytes("x"))));
        Assert.Equal((1, "r/2"), await FailedAsync(KvCompare.Exists("r/1"), KvCompare.Value(all, KvRelation.Less, Bytes("b"))));
        Assert.Equal((0, null), await FailedAsync(KvCompare.Version(none, KvRelation.Greater, KvVersion.None)));
        Assert.Equal((0, null), await FailedAsync(KvCompare.Value(none, KvRelation.NotEqual, Bytes("x"))));

        async Task<(int Index, string? Key)?> FailedAsync(params KvCompare[] compares)
        {
            var result = await Kv.CommitAsync(new KvTransaction().If(compares), Cancel);
            Assert.Equal(result.Succeeded, result.FailedCompare is null);
            return result.FailedCompare is { } failed ? (failed.Index, failed.Key) : null;
        }
    }

    [Fact]
    public async Task Conditions_choose_a_branch_and_results_come_in_the_order_of_the_operations()
    {
        var alice = await Kv.SetAsync("alice", Bytes("10"), cancellationToken: Cancel);
        await Kv.SetAsync("bob", Bytes("1"), cancellationToken: Cancel);
        var transfer = new KvTransaction().If(KvCompare.Version("alice", KvRelation.Equal, alice.Version), KvCompare.Exists("bob"), KvCompare.NotExists("carol"));
        transfer.Then.Increment("alice", -3).Increment("bob", 3).Get("alice").Delete("nobody").DeleteRange(KvKeyRange.StartingWith("tmp/"));
        transfer.Else.Get("alice");

        var first = await Kv.CommitAsync(transfer, Cancel);
        var second = await Kv.CommitAsync(transfer, Cancel);

        Assert.True(first is { Succeeded: true, HasResults: true });
        Assert.Equal([7, 4], first.Results.Take(2).Select(r => r.Number));
        Assert.Equal("7", Encoding.UTF8.GetString(first.Results[2].Read.Value.Span));
        Assert.Equal((first.Version, first.Version), (first.Results[2].Read.Version, first.Results[2].Read.ReadAt));
        Assert.Equal(0, first.Results[3].Deleted);
        Assert.False(second.Succeeded);
        Assert.Equal(first.Version, Assert.Single(second.Results).Read.Version);
        Assert.Equal(first.Version, (await Kv.GetAsync("bob", cancellationToken: Cancel)).Version);
    }

    [Fact]
    public async Task Everything_that_is_compared_has_its_method_for_a_key_and_for_a_range()
    {
        var set = await Kv.SetAsync("p/1", Bytes("v"), cancellationToken: Cancel);
        var range = KvKeyRange.StartingWith("p/");
        KvCompare[] compares =
        [
            KvCompare.Version("p/1", KvRelation.Equal, set.Version), KvCompare.Version(range, KvRelation.Equal, set.Version),
            KvCompare.CreateVersion("p/1", KvRelation.Equal, set.Version), KvCompare.CreateVersion(range, KvRelation.Less, new KvVersion(set.Version.Value + 1)),
            KvCompare.WriteCount("p/1", KvRelation.Equal, 1), KvCompare.WriteCount(range, KvRelation.NotEqual, 2),
            KvCompare.Value("p/1", KvRelation.Equal, Bytes("v")), KvCompare.Value(range, KvRelation.Greater, Bytes("u")),
            KvCompare.Lease("p/1", KvRelation.Equal, 0), KvCompare.Lease(range, KvRelation.Equal, 0),
        ];

        Assert.True((await CommitAsync(t => t.If(compares))).Succeeded);
        Assert.False((await CommitAsync(t => t.If(compares).If(KvCompare.NotExists("p/1")))).Succeeded);
    }

    [Fact]
    public async Task What_can_be_seen_to_be_wrong_is_refused_before_it_is_sent()
    {
        await AssertRefused(RaftKvTransactionError.KeyWrittenTwice, () => CommitAsync(t => t.Then.Set("k", Bytes("1")).Increment("k")));
        await AssertRefused(RaftKvTransactionError.KeyWrittenTwice, () => CommitAsync(t => t.Else.Set("p/k", Bytes("1")).DeleteRange(KvKeyRange.StartingWith("p/"))));
        await AssertRefused(RaftKvTransactionError.TooManyOperations, () => CommitAsync(t => AddGets(t.Then, KvTransaction.MaxOperations + 1)));
        await AssertRefused(RaftKvTransactionError.TooManyOperations, () => CommitAsync(t =>
        {
            for (var i = 0; i <= KvTransaction.MaxOperations; i++)
                t.If(KvCompare.Exists("k"));
        }));
        var tooLarge = await Assert.ThrowsAsync<RaftKvLimitExceededException>(() => CommitAsync(t => t.Then.Set("a", new byte[40_000]).Set("b", new byte[40_000])));
        Assert.Equal((nameof(RaftKvOptions.MaxTransactionBytes), 64 * 1024L), (tooLarge.Limit, tooLarge.Maximum));
        Assert.Equal(nameof(RaftKvOptions.MaxValueBytes), (await Assert.ThrowsAsync<RaftKvLimitExceededException>(() => CommitAsync(t => t.Then.Set("a", new byte[2_000_000])))).Limit);
        Assert.Equal(nameof(RaftKvOptions.MaxKeyBytes), (await Assert.ThrowsAsync<RaftKvLimitExceededException>(() => CommitAsync(t => t.Then.Get(new string('k', 5_000))))).Limit);
        await Assert.ThrowsAsync<ArgumentException>(() => CommitAsync(t => t.Then.Get("")));
        await Assert.ThrowsAsync<ArgumentException>(() => CommitAsync(t => t.Then.Delete("\ud800")));
        await Assert.ThrowsAsync<ArgumentException>(() => CommitAsync(t => t.If(default(KvCompare))));
        await Assert.ThrowsAsync<ArgumentNullException>(async () => await Kv.CommitAsync(null!, Cancel));
        Assert.Throws<ArgumentNullException>(() => new KvTransaction().Then.Set(null!, default));
        Assert.Throws<ArgumentNullException>(() => KvCompare.Exists(null!));
        Assert.Equal(0, _node.Cluster.Status.LastIndex);

        static void AddGets(KvTransactionBranch branch, int count)
        {
            for (var i = 0; i < count; i++)
                branch.Get("k");
        }
    }

    [Fact]
    public async Task What_the_state_refuses_has_its_name_and_writes_nothing()
    {
        await Kv.SetAsync("text", Bytes("abc"), cancellationToken: Cancel);
        await Kv.SetAsync("most", Bytes(long.MaxValue.ToString()), cancellationToken: Cancel);

        await AssertRefused(RaftKvTransactionError.NotANumber, () => CommitAsync(t => t.Then.Set("x", Bytes("1")).Increment("text")));
        await AssertRefused(RaftKvTransactionError.Overflow, () => CommitAsync(t => t.Then.Set("x", Bytes("1")).Increment("most")));
        await AssertRefused(RaftKvTransactionError.Overflow, () => Kv.IncrementAsync("most", cancellationToken: Cancel).AsTask());

        Assert.Null(await ReadAsync("x"));
    }

    [Fact]
    public async Task An_empty_transaction_has_a_place_in_the_log_and_no_results()
    {
        var result = await Kv.CommitAsync(new KvTransaction(), Cancel);

        Assert.True(result is { Succeeded: true, HasResults: true, Results: [] });
        Assert.True(result.Version > KvVersion.None);
    }

    [Fact]
    public async Task Create_if_absent_creates_once()
    {
        var created = await Kv.TryCreateAsync("k", Bytes("a"), cancellationToken: Cancel);
        var second = await Kv.TryCreateAsync("k", Bytes("b"), cancellationToken: Cancel);

        Assert.True(created.Applied);
        Assert.Equal(new KvWriteResult(false, created.Version), second);
        Assert.Equal("a", await ReadAsync("k"));
    }

    [Fact]
    public async Task Compare_and_swap_is_about_the_value()
    {
        var absent = await Kv.CompareAndSwapAsync("k", default, Bytes("a"), Cancel);
        var set = await Kv.SetAsync("k", Bytes("a"), cancellationToken: Cancel);
        var swapped = await Kv.CompareAndSwapAsync("k", Bytes("a"), Bytes("b"), Cancel);
        var lost = await Kv.CompareAndSwapAsync("k", Bytes("a"), Bytes("c"), Cancel);

        Assert.Equal(new KvWriteResult(false, KvVersion.None), absent);
        Assert.True(swapped.Applied && swapped.Version > set.Version);
        Assert.Equal(new KvWriteResult(false, swapped.Version), lost);
    }

    [Fact]
    public async Task Increments_of_many_callers_at_once_are_all_counted()
    {
        var sums = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Kv.IncrementAsync("n", 2, Cancel).AsTask()));

        Assert.Equal(Enumerable.Range(1, 200).Select(i => 2L * i), sums.Order());
        Assert.Equal("400", await ReadAsync("n"));
    }

    [Fact]
    public async Task Many_values_are_stored_under_one_version_or_none_is()
    {
        var batch = Enumerable.Range(0, KvTransaction.MaxOperations).Select(i => KeyValuePair.Create($"k{i:D3}", Bytes($"v{i}"))).ToList();

        var written = await Kv.SetManyAsync(batch, Cancel);

        Assert.True(written.Applied);
        await foreach (var entry in Kv.ScanAsync(KvKeyRange.All, cancellationToken: Cancel))
            Assert.Equal(written.Version, entry.Version);
        await AssertRefused(RaftKvTransactionError.TooManyOperations, () => Kv.SetManyAsync([.. batch, KeyValuePair.Create("one more", Bytes("v"))], Cancel).AsTask());
        await AssertRefused(RaftKvTransactionError.KeyWrittenTwice, () => Kv.SetManyAsync([batch[0], batch[0]], Cancel).AsTask());
    }

    [Fact]
    public async Task The_values_given_may_be_changed_as_soon_as_the_call_has_returned()
    {
        var value = "before"u8.ToArray();
        var transaction = new KvTransaction();
        transaction.Then.Set("k", value);

        var committed = Kv.CommitAsync(transaction, Cancel);
        "after!"u8.CopyTo(value);
        await committed;

        Assert.Equal("before", await ReadAsync("k"));
    }
}
