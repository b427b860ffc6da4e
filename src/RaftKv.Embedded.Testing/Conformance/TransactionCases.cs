using static RaftKv.Embedded.Testing.ConformanceRun;

namespace RaftKv.Embedded.Testing;

/// <summary>The effects and the results of the operations of a transaction.</summary>
internal static class TransactionCases
{
    private const string Group = "Transactions";

    public static IEnumerable<RaftKvConformanceCase> All =>
    [
        .. from branch in new[] { true, false }
           from count in new[] { 0, 1, 2, 10, KvTransaction.MaxOperations }
           select new RaftKvConformanceCase(Group, $"{count} sets in {(branch ? "Then" : "Else")} have one version",
               run => SetsAsync(run, branch, count)),
        .. from first in new[] { "set", "delete", "increment" }
           from second in new[] { "set", "delete", "increment", "delete range" }
           select new RaftKvConformanceCase(Group, $"{first} and {second} of one key are refused", run => TwiceAsync(run, first, second)),
        .. from keys in new[] { 0, 1, 3, 300 }
           select new RaftKvConformanceCase(Group, $"a range of {keys} keys is deleted and counted", run => DeleteRangeAsync(run, keys)),
        new(Group, "a read sees what the operations before it wrote", ReadOwnAsync),
        new(Group, "a read of the other branch is not carried out", OtherBranchAsync),
        new(Group, "results stand in the order of the operations", OrderAsync),
        new(Group, "a refused operation leaves nothing", NothingAsync),
        new(Group, "one operation too many is refused", TooManyAsync),
        new(Group, "a transaction can be committed again", AgainAsync),
        new(Group, "compare and swap", SwapAsync),
        new(Group, "many values at once", SetManyAsync),
    ];

    private static async Task SetsAsync(ConformanceRun run, bool then, int count)
    {
        var transaction = new KvTransaction();
        if (!then)
            transaction.If(KvCompare.Exists(run.Key("none")));
        for (var i = 0; i < count; i++)
            (then ? transaction.Then : transaction.Else).Set(run.Key($"k{i}"), Bytes($"v{i}"));
        var result = await run.CommitAsync(transaction).ConfigureAwait(false);
        Same(then, result.Succeeded);
        for (var i = 0; i < count; i++)
        {
            var read = await run.GetAsync($"k{i}").ConfigureAwait(false);
            Same($"v{i}", Text(read.Value));
            Same(result.Version, read.Version);
        }
    }

    private static async Task TwiceAsync(ConformanceRun run, string first, string second)
    {
        await run.SetAsync("k", "1").ConfigureAwait(false);
        var transaction = new KvTransaction();
        Add(run, transaction.Then, first);
        Add(run, transaction.Then, second);
        var error = await FailsAsync<RaftKvTransactionException>(() => run.CommitAsync(transaction).AsTask()).ConfigureAwait(false);
        Same(RaftKvTransactionError.KeyWrittenTwice, error.Error);
        Same("1", await run.ReadAsync("k").ConfigureAwait(false));
    }

    private static void Add(ConformanceRun run, KvTransactionBranch branch, string operation) => _ = operation switch
    {
        "set" => branch.Set(run.Key("k"), Bytes("2")),
        "delete" => branch.Delete(run.Key("k")),
        "increment" => branch.Increment(run.Key("k")),
        _ => branch.DeleteRange(KvKeyRange.StartingWith(run.Key("k"))),
    };

    private static async Task DeleteRangeAsync(ConformanceRun run, int keys)
    {
        for (var i = 0; i < keys; i++)
            await run.SetAsync($"r/{i}", "v").ConfigureAwait(false);
        await run.SetAsync("s", "stays").ConfigureAwait(false);
        var transaction = new KvTransaction();
        transaction.Then.DeleteRange(KvKeyRange.StartingWith(run.Key("r/")));
        var result = await run.CommitAsync(transaction).ConfigureAwait(false);
        Same(keys, result.Results[0].Deleted);
        Same(1L, await run.Kv.CountAsync(KvKeyRange.StartingWith(run.Prefix), default, run.Token).ConfigureAwait(false));
    }

    private static async Task ReadOwnAsync(ConformanceRun run)
    {
        await run.SetAsync("k", "before").ConfigureAwait(false);
        var transaction = new KvTransaction();
        transaction.Then.Get(run.Key("k")).Set(run.Key("k"), Bytes("after")).Get(run.Key("k")).Get(run.Key("none"));
        var results = (await run.CommitAsync(transaction).ConfigureAwait(false)).Results;
        Same("before", Text(results[0].Read.Value));
        Same("after", Text(results[2].Read.Value));
        Same(false, results[3].Read.Found);
    }

    private static async Task OtherBranchAsync(ConformanceRun run)
    {
        var transaction = new KvTransaction().If(KvCompare.Exists(run.Key("none")));
        transaction.Then.Get(run.Key("a")).Get(run.Key("b"));
        transaction.Else.Get(run.Key("c"));
        var result = await run.CommitAsync(transaction).ConfigureAwait(false);
        Same(false, result.Succeeded);
        Same(1, result.Results.Count);
    }

    private static async Task OrderAsync(ConformanceRun run)
    {
        await run.SetAsync("n", "5").ConfigureAwait(false);
        await run.SetAsync("d", "x").ConfigureAwait(false);
        var transaction = new KvTransaction();
        transaction.Then.Increment(run.Key("n"), 2).Delete(run.Key("d")).Delete(run.Key("none")).Set(run.Key("s"), Bytes("v")).Get(run.Key("n"));
        var results = (await run.CommitAsync(transaction).ConfigureAwait(false)).Results;
        Same(5, results.Count);
        Same(7L, results[0].Number);
        Same(1, results[1].Deleted);
        Same(0, results[2].Deleted);
        Same("7", Text(results[4].Read.Value));
    }

    private static async Task NothingAsync(ConformanceRun run)
    {
        await run.SetAsync("text", "not a number").ConfigureAwait(false);
        var transaction = new KvTransaction();
        transaction.Then.Set(run.Key("a"), Bytes("1")).Increment(run.Key("text"));
        await FailsAsync<RaftKvTransactionException>(() => run.CommitAsync(transaction).AsTask()).ConfigureAwait(false);
        Same(null, await run.ReadAsync("a").ConfigureAwait(false));
    }

    private static async Task TooManyAsync(ConformanceRun run)
    {
        var transaction = new KvTransaction();
        for (var i = 0; i <= KvTransaction.MaxOperations; i++)
            transaction.Then.Set(run.Key($"k{i}"), Bytes("v"));
        var error = await FailsAsync<RaftKvTransactionException>(() => run.CommitAsync(transaction).AsTask()).ConfigureAwait(false);
        Same(RaftKvTransactionError.TooManyOperations, error.Error);
        Same(null, await run.ReadAsync("k0").ConfigureAwait(false));
    }

    private static async Task AgainAsync(ConformanceRun run)
    {
        var transaction = new KvTransaction();
        transaction.Then.Increment(run.Key("n"));
        await run.CommitAsync(transaction).ConfigureAwait(false);
        Same(2L, (await run.CommitAsync(transaction).ConfigureAwait(false)).Results[0].Number);
    }

    private static async Task SwapAsync(ConformanceRun run)
    {
        await run.SetAsync("k", "me").ConfigureAwait(false);
        var failed = await run.Kv.CompareAndSwapAsync(run.Key("k"), Bytes("you"), Bytes("her"), run.Token).ConfigureAwait(false);
        Same(false, failed.Applied);
        var swapped = await run.Kv.CompareAndSwapAsync(run.Key("k"), Bytes("me"), Bytes("you"), run.Token).ConfigureAwait(false);
        Same(true, swapped.Applied);
        Same("you", await run.ReadAsync("k").ConfigureAwait(false));
    }

    private static async Task SetManyAsync(ConformanceRun run)
    {
        var written = await run.Kv.SetManyAsync([new(run.Key("a"), Bytes("1")), new(run.Key("b"), Bytes("2"))], run.Token).ConfigureAwait(false);
        Same(written.Version, (await run.GetAsync("a").ConfigureAwait(false)).Version);
        Same(written.Version, (await run.GetAsync("b").ConfigureAwait(false)).Version);
    }
}
