using static RaftKv.Embedded.Testing.ConformanceRun;

namespace RaftKv.Embedded.Testing;

/// <summary>Calls that every store must refuse before anything is written.</summary>
internal static class LimitCases
{
    private const string Group = "Limits";

    private static readonly (string Name, Func<ConformanceRun, string> Key, Type Error)[] BadKeys =
    [
        ("an empty key", _ => "", typeof(ArgumentException)),
        ("no key", _ => null!, typeof(ArgumentException)),
        ("half a surrogate", run => run.Key("\ud800"), typeof(ArgumentException)),
        ("a key over the limit", run => run.Key(new string('k', 64 * 1024)), typeof(RaftKvLimitExceededException)),
        ("a long key of few characters", run => run.Key(new string('€', 30 * 1024)), typeof(RaftKvLimitExceededException)),
    ];

    private static readonly (string Name, Func<ConformanceRun, string, Task> Call)[] Calls =
    [
        ("get", (run, key) => run.Kv.GetAsync(key, default, run.Token).AsTask()),
        ("stale get", (run, key) => run.Kv.GetAsync(key, KvReadOptions.Stale, run.Token).AsTask()),
        ("read", (run, key) => run.Kv.ReadAsync(key, 0, static (_, _, _) => 0, default, run.Token).AsTask()),
        ("set", (run, key) => run.Kv.SetAsync(key, Bytes("v"), default, run.Token).AsTask()),
        ("delete", (run, key) => run.Kv.DeleteAsync(key, cancellationToken: run.Token).AsTask()),
        ("transaction", (run, key) => CommitAsync(run, t => t.Then.Set(key, Bytes("v")))),
        ("compare", (run, key) => CommitAsync(run, t => t.If(KvCompare.Exists(key)))),
    ];

    private static readonly (string Name, Func<ConformanceRun, Task> Call)[] Reserved =
    [
        ("set", run => run.Kv.SetAsync(".locks/conformance", Bytes("v"), default, run.Token).AsTask()),
        ("set of the library's own", run => run.Kv.SetAsync("$raftkv/conformance", Bytes("v"), default, run.Token).AsTask()),
        ("delete", run => run.Kv.DeleteAsync(".locks/conformance", cancellationToken: run.Token).AsTask()),
        ("set in a transaction", run => CommitAsync(run, t => t.Then.Set(".locks/conformance", Bytes("v")))),
        ("delete in Else", run => CommitAsync(run, t => t.Else.Delete(".locks/conformance"))),
        ("increment", run => CommitAsync(run, t => t.Then.Increment("$raftkv/conformance"))),
        ("a range that holds them", run => CommitAsync(run, t => t.Then.DeleteRange(KvKeyRange.Between(".", "/")))),
    ];

    public static IEnumerable<RaftKvConformanceCase> All =>
    [
        .. from key in BadKeys
           from call in Calls
           select new RaftKvConformanceCase(Group, $"{call.Name} with {key.Name}", run => RefusesAsync(run, key.Error, () => call.Call(run, key.Key(run)))),
        .. from call in Reserved
           select new RaftKvConformanceCase(Group, $"a reserved key: {call.Name}",
               run => FailsAsync<RaftKvReservedKeyException>(() => call.Call(run))),
        new(Group, "a value over the limit", ValueAsync),
        new(Group, "a value over the limit in a transaction", ValueInTransactionAsync),
        new(Group, "a call that is cancelled before it begins", CancelledAsync),
        new(Group, "a watch that contradicts itself", ContradictionAsync),
    ];

    private static async Task RefusesAsync(ConformanceRun run, Type error, Func<Task> call)
    {
        var thrown = await FailsAsync<Exception>(async () => await call().ConfigureAwait(false)).ConfigureAwait(false);
        That(error.IsInstanceOfType(thrown), $"{error.Name}, and {thrown.GetType().Name} was thrown");
        Same(0L, await run.Kv.CountAsync(KvKeyRange.StartingWith(run.Prefix), default, run.Token).ConfigureAwait(false));
    }

    private static async Task ValueAsync(ConformanceRun run)
    {
        var error = await FailsAsync<RaftKvLimitExceededException>(
            () => run.Kv.SetAsync(run.Key("k"), new byte[(16 * 1024 * 1024) + 1], default, run.Token).AsTask()).ConfigureAwait(false);
        Same(KvOutcome.NotApplied, error.Outcome);
        Same(null, await run.ReadAsync("k").ConfigureAwait(false));
    }

    private static Task ValueInTransactionAsync(ConformanceRun run) => FailsAsync<RaftKvLimitExceededException>(
        () => CommitAsync(run, t => t.Then.Set(run.Key("k"), new byte[(16 * 1024 * 1024) + 1])));

    private static async Task CancelledAsync(ConformanceRun run)
    {
        var cancelled = new CancellationToken(canceled: true);
        await FailsAsync<OperationCanceledException>(() => run.Kv.SetAsync(run.Key("k"), Bytes("v"), default, cancelled).AsTask()).ConfigureAwait(false);
        Same(null, await run.ReadAsync("k").ConfigureAwait(false));
    }

    private static Task ContradictionAsync(ConformanceRun run) => FailsAsync<ArgumentException>(async () =>
        await run.Kv.WatchAsync(KvKeyRange.All, new KvWatchOptions { InitialState = true, FromVersion = new KvVersion(1) }, run.Token)
            .FirstAsync(run.Token).ConfigureAwait(false));

    private static async Task CommitAsync(ConformanceRun run, Action<KvTransaction> fill)
    {
        var transaction = new KvTransaction();
        fill(transaction);
        await run.CommitAsync(transaction).ConfigureAwait(false);
    }
}
