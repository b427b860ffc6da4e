using static RaftKv.Embedded.Testing.ConformanceRun;

namespace RaftKv.Embedded.Testing;

/// <summary>Every change of a range, in order, once.</summary>
internal static class WatchCases
{
    private const string Group = "Watches";

    private static readonly string[] Changes = ["set", "overwrite", "delete", "transaction of two", "delete range", "no change"];

    public static IEnumerable<RaftKvConformanceCase> All =>
    [
        .. from change in Changes
           from keysOnly in new[] { false, true }
           from begin in new[] { "initial state", "version" }
           select new RaftKvConformanceCase(Group, $"{change}{(keysOnly ? ", keys only" : "")}, from the {begin}",
               run => ChangeAsync(run, change, keysOnly, begin == "initial state")),
        .. from count in new[] { 0, 1, 5, 300 }
           select new RaftKvConformanceCase(Group, $"an initial state of {count} keys", run => InitialAsync(run, count)),
        new(Group, "changes of the past", PastAsync),
        new(Group, "other keys are not told", OtherKeysAsync),
        new(Group, "a refused write is not told", RefusedAsync),
        new(Group, "two watches see the same", TwoAsync),
        new(Group, "progress without changes", ProgressAsync),
        new(Group, "a watch ends with its token", CancelAsync),
    ];

    public static IAsyncEnumerator<KvEvent> Begin(ConformanceRun run, KvWatchOptions options) =>
        run.Kv.WatchAsync(KvKeyRange.StartingWith(run.Key("w/")), options, run.Token).GetAsyncEnumerator(run.Token);

    public static async Task<KvEvent> NextAsync(IAsyncEnumerator<KvEvent> events)
    {
        That(await events.MoveNextAsync().ConfigureAwait(false), "another change");
        return events.Current;
    }

    private static async Task ChangeAsync(ConformanceRun run, string change, bool keysOnly, bool initial)
    {
        var first = await run.SetAsync("w/k", "old").ConfigureAwait(false);
        var options = new KvWatchOptions { KeysOnly = keysOnly, InitialState = initial, FromVersion = initial ? KvVersion.None : first.Version };
        var events = Begin(run, options);
        await using var end = events.ConfigureAwait(false);
        Same(run.Key("w/k"), (await NextAsync(events).ConfigureAwait(false)).Key);
        if (initial)
            Same(KvEventKind.InitialStateEnd, (await NextAsync(events).ConfigureAwait(false)).Kind);
        var expected = await MakeAsync(run, change).ConfigureAwait(false);
        await run.SetAsync("w/last", "end").ConfigureAwait(false);

        foreach (var (kind, key, value) in expected)
        {
            var told = await NextAsync(events).ConfigureAwait(false);
            Same(kind, told.Kind);
            Same(run.Key(key), told.Key);
            Same(keysOnly ? "" : value, Text(told.Value));
            Same(key == expected[^1].Key, told.EndsVersion);
            That(told.Version > first.Version);
        }
        Same(run.Key("w/last"), (await NextAsync(events).ConfigureAwait(false)).Key);
    }

    private static async Task<List<(KvEventKind Kind, string Key, string Value)>> MakeAsync(ConformanceRun run, string change)
    {
        var transaction = new KvTransaction();
        switch (change)
        {
            case "set":
                await run.SetAsync("w/new", "v").ConfigureAwait(false);
                return [(KvEventKind.Put, "w/new", "v")];
            case "overwrite":
                await run.SetAsync("w/k", "new").ConfigureAwait(false);
                return [(KvEventKind.Put, "w/k", "new")];
            case "delete":
                await run.DeleteAsync("w/k").ConfigureAwait(false);
                return [(KvEventKind.Deleted, "w/k", "")];
            case "transaction of two":
                transaction.Then.Set(run.Key("w/a"), Bytes("1")).Set(run.Key("x"), Bytes("2")).Set(run.Key("w/b"), Bytes("3"));
                await run.CommitAsync(transaction).ConfigureAwait(false);
                return [(KvEventKind.Put, "w/a", "1"), (KvEventKind.Put, "w/b", "3")];
            case "delete range":
                transaction.Then.DeleteRange(KvKeyRange.StartingWith(run.Key("w/")));
                await run.CommitAsync(transaction).ConfigureAwait(false);
                return [(KvEventKind.Deleted, "w/k", "")];
            default:
                await run.DeleteAsync("w/none").ConfigureAwait(false);
                return [];
        }
    }

    private static async Task InitialAsync(ConformanceRun run, int count)
    {
        for (var i = 0; i < count; i++)
            await run.SetAsync($"w/{i:000}", $"{i}").ConfigureAwait(false);
        var events = Begin(run, new KvWatchOptions { InitialState = true });
        await using var end = events.ConfigureAwait(false);
        for (var i = 0; i < count; i++)
            Same($"{i}", Text((await NextAsync(events).ConfigureAwait(false)).Value));
        Same(KvEventKind.InitialStateEnd, (await NextAsync(events).ConfigureAwait(false)).Kind);
    }

    private static async Task PastAsync(ConformanceRun run)
    {
        var first = await run.SetAsync("w/k", "1").ConfigureAwait(false);
        await run.SetAsync("w/k", "2").ConfigureAwait(false);
        await run.DeleteAsync("w/k").ConfigureAwait(false);
        var events = Begin(run, new KvWatchOptions { FromVersion = first.Version });
        await using var end = events.ConfigureAwait(false);
        Same("1", Text((await NextAsync(events).ConfigureAwait(false)).Value));
        Same("2", Text((await NextAsync(events).ConfigureAwait(false)).Value));
        Same(KvEventKind.Deleted, (await NextAsync(events).ConfigureAwait(false)).Kind);
    }

    private static async Task OtherKeysAsync(ConformanceRun run)
    {
        var first = await run.SetAsync("w/a", "1").ConfigureAwait(false);
        await run.SetAsync("v", "other").ConfigureAwait(false);
        await run.SetAsync("w", "other").ConfigureAwait(false);
        await run.SetAsync("w0", "other").ConfigureAwait(false);
        await run.SetAsync("w/b", "2").ConfigureAwait(false);
        var events = Begin(run, new KvWatchOptions { FromVersion = first.Version });
        await using var end = events.ConfigureAwait(false);
        Same(run.Key("w/a"), (await NextAsync(events).ConfigureAwait(false)).Key);
        Same(run.Key("w/b"), (await NextAsync(events).ConfigureAwait(false)).Key);
    }

    private static async Task RefusedAsync(ConformanceRun run)
    {
        var first = await run.SetAsync("w/a", "1").ConfigureAwait(false);
        await run.SetAsync("w/a", "2", new KvSetOptions { When = KvCondition.NotExists }).ConfigureAwait(false);
        await run.SetAsync("w/b", "3").ConfigureAwait(false);
        var events = Begin(run, new KvWatchOptions { FromVersion = first.Version });
        await using var end = events.ConfigureAwait(false);
        Same("1", Text((await NextAsync(events).ConfigureAwait(false)).Value));
        Same("3", Text((await NextAsync(events).ConfigureAwait(false)).Value));
    }

    private static async Task TwoAsync(ConformanceRun run)
    {
        var first = await run.SetAsync("w/a", "1").ConfigureAwait(false);
        var behind = new KvWatchOptions { FromVersion = first.Version };
        var (one, other) = (Begin(run, behind), Begin(run, behind));
        await using var endOne = one.ConfigureAwait(false);
        await using var endOther = other.ConfigureAwait(false);
        for (var i = 2; i <= 10; i++)
            await run.SetAsync("w/a", $"{i}").ConfigureAwait(false);
        for (var i = 1; i <= 10; i++)
        {
            Same($"{i}", Text((await NextAsync(one).ConfigureAwait(false)).Value));
            Same($"{i}", Text((await NextAsync(other).ConfigureAwait(false)).Value));
        }
    }

    private static async Task ProgressAsync(ConformanceRun run)
    {
        var first = await run.SetAsync("x", "1").ConfigureAwait(false);
        var events = Begin(run, new KvWatchOptions { FromVersion = first.Version, ProgressInterval = TimeSpan.FromMilliseconds(20) });
        await using var end = events.ConfigureAwait(false);
        var next = NextAsync(events);
        await run.UntilAsync(async () =>
        {
            await run.AdvanceAsync(TimeSpan.FromMilliseconds(20)).ConfigureAwait(false);
            return next.IsCompleted;
        }, "progress is told").ConfigureAwait(false);
        var progress = await next.ConfigureAwait(false);
        Same(KvEventKind.Progress, progress.Kind);
        That(progress.Version >= first.Version);
    }

    private static async Task CancelAsync(ConformanceRun run)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(run.Token);
        var events = run.Kv.WatchAsync(KvKeyRange.StartingWith(run.Prefix), default, cancel.Token).GetAsyncEnumerator(cancel.Token);
        await using var end = events.ConfigureAwait(false);
        var next = events.MoveNextAsync().AsTask();
        await cancel.CancelAsync().ConfigureAwait(false);
        await FailsAsync<OperationCanceledException>(() => next).ConfigureAwait(false);
    }
}
