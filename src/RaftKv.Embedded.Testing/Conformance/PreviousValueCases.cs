using static RaftKv.Embedded.Testing.ConformanceRun;
using static RaftKv.Embedded.Testing.WatchCases;

namespace RaftKv.Embedded.Testing;

/// <summary>A watch that asks for previous values is told with each change what the key held before.</summary>
internal static class PreviousValueCases
{
    private const string Group = "Previous values";

    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);

    private static readonly string[] Changes =
        ["creation", "overwrite", "delete", "delete and creation", "increment", "transaction", "deletion of a prefix", "expiry"];

    public static IEnumerable<RaftKvConformanceCase> All =>
    [
        .. from change in Changes
           from begin in change == "expiry" ? ["past"] : new[] { "initial state", "past" }
           select Case($"{change}, from the {begin}", run => ChangeAsync(run, change, begin == "initial state")),
        new(Group, "the end of a lease", LeaseAsync, leases: true, previousValues: true),
        Case("values without their previous ones are told to a watch that does not ask", UnaskedAsync),
        Case("together with keys only they are refused", run => FailsAsync<ArgumentException>(
            () => NextAsync(Begin(run, new KvWatchOptions { PreviousValues = true, KeysOnly = true })))),
    ];

    private static RaftKvConformanceCase Case(string name, Func<ConformanceRun, Task> run) => new(Group, name, run, previousValues: true);

    private static async Task ChangeAsync(ConformanceRun run, string change, bool initial)
    {
        TimeSpan? timeToLive = change == "expiry" ? Short : null;
        var first = await run.SetAsync("w/k", "1", new KvSetOptions { TimeToLive = timeToLive }).ConfigureAwait(false);
        var options = new KvWatchOptions
        {
            PreviousValues = true,
            InitialState = initial,
            FromVersion = initial ? KvVersion.None : first.Version,
        };
        var events = Begin(run, options);
        await using var end = events.ConfigureAwait(false);
        var begin = await NextAsync(events).ConfigureAwait(false);
        Same(run.Key("w/k"), begin.Key);
        That(begin.Previous is null, "no previous value of a key that was created, or of the initial state");
        if (initial)
            Same(KvEventKind.InitialStateEnd, (await NextAsync(events).ConfigureAwait(false)).Kind);

        var expected = await MakeAsync(run, change).ConfigureAwait(false);

        foreach (var (kind, key, previous) in expected)
        {
            // A key expires only when time passes.
            var next = NextAsync(events);
            if (kind == KvEventKind.Expired)
                await PassAsync(run, next).ConfigureAwait(false);
            Check(run, await next.ConfigureAwait(false), kind, key, previous, previous is "1" ? first.Version : null);
        }
    }

    private static async Task<(KvEventKind Kind, string Key, string? Previous)[]> MakeAsync(ConformanceRun run, string change)
    {
        var transaction = new KvTransaction();
        switch (change)
        {
            case "creation":
                await run.SetAsync("w/new", "2").ConfigureAwait(false);
                return [(KvEventKind.Put, "w/new", null)];
            case "overwrite":
                await run.SetAsync("w/k", "2").ConfigureAwait(false);
                await run.SetAsync("w/k", "3").ConfigureAwait(false);
                return [(KvEventKind.Put, "w/k", "1"), (KvEventKind.Put, "w/k", "2")];
            case "delete":
                await run.DeleteAsync("w/k").ConfigureAwait(false);
                return [(KvEventKind.Deleted, "w/k", "1")];
            case "delete and creation":
                await run.DeleteAsync("w/k").ConfigureAwait(false);
                await run.SetAsync("w/k", "2").ConfigureAwait(false);
                return [(KvEventKind.Deleted, "w/k", "1"), (KvEventKind.Put, "w/k", null)];
            case "increment":
                await run.Kv.IncrementAsync(run.Key("w/k"), 4, run.Token).ConfigureAwait(false);
                return [(KvEventKind.Put, "w/k", "1")];
            case "transaction":
                await run.SetAsync("w/l", "2").ConfigureAwait(false);
                transaction.Then.Set(run.Key("w/k"), Bytes("3")).Delete(run.Key("w/l")).Set(run.Key("w/m"), Bytes("4"));
                await run.CommitAsync(transaction).ConfigureAwait(false);
                return
                [
                    (KvEventKind.Put, "w/l", null), (KvEventKind.Put, "w/k", "1"), (KvEventKind.Deleted, "w/l", "2"),
                    (KvEventKind.Put, "w/m", null),
                ];
            case "deletion of a prefix":
                await run.Kv.DeletePrefixAsync(run.Key("w/"), run.Token).ConfigureAwait(false);
                return [(KvEventKind.Deleted, "w/k", "1")];
            default:
                return [(KvEventKind.Expired, "w/k", "1")];
        }
    }

    private static async Task LeaseAsync(ConformanceRun run)
    {
        var lease = await run.Leases.GrantAsync(TimeSpan.FromMinutes(1), run.Token).ConfigureAwait(false);
        var bound = await run.SetAsync("w/k", "1", new KvSetOptions { LeaseId = lease.Id }).ConfigureAwait(false);
        var events = Begin(run, new KvWatchOptions { PreviousValues = true, FromVersion = bound.Version });
        await using var end = events.ConfigureAwait(false);
        Check(run, await NextAsync(events).ConfigureAwait(false), KvEventKind.Put, "w/k", null, null);

        await lease.RevokeAsync(run.Token).ConfigureAwait(false);

        Check(run, await NextAsync(events).ConfigureAwait(false), KvEventKind.LeaseRevoked, "w/k", "1", bound.Version);
    }

    private static async Task UnaskedAsync(ConformanceRun run)
    {
        var first = await run.SetAsync("w/k", "1").ConfigureAwait(false);
        await run.SetAsync("w/k", "2").ConfigureAwait(false);
        var events = Begin(run, new KvWatchOptions { FromVersion = first.Version });
        await using var end = events.ConfigureAwait(false);
        That((await NextAsync(events).ConfigureAwait(false)).Previous is null);
        That((await NextAsync(events).ConfigureAwait(false)).Previous is null);
    }

    private static void Check(ConformanceRun run, KvEvent told, KvEventKind kind, string key, string? previous, KvVersion? version)
    {
        Same(kind, told.Kind);
        Same(run.Key(key), told.Key);
        Same(previous, told.Previous is { } held ? Text(held.Value) : null);
        if (told.Previous is not { } before)
            return;
        Same(told.Key, before.Key);
        That(before.Version < told.Version && before.Version >= told.CreateVersion);
        if (version is { } written)
            Same(written, before.Version);
    }

    private static Task PassAsync(ConformanceRun run, Task next) => run.UntilAsync(async () =>
    {
        await run.AdvanceAsync(Short).ConfigureAwait(false);
        return next.IsCompleted;
    }, "the key ends");
}
