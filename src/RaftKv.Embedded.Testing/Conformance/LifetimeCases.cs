using static RaftKv.Embedded.Testing.ConformanceRun;

namespace RaftKv.Embedded.Testing;

/// <summary>Keys that end by time.</summary>
internal static class LifetimeCases
{
    private const string Group = "Lifetimes";

    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Long = TimeSpan.FromHours(1);

    private static readonly string[] Kinds = ["time to live", "sliding expiry"];

    public static IEnumerable<RaftKvConformanceCase> All =>
    [
        .. from kind in Kinds
           from write in new[] { "set", "transaction" }
           select new RaftKvConformanceCase(Group, $"{kind} in a {write}: the key ends", run => EndsAsync(run, kind, write)),
        .. from kind in Kinds
           from next in new[] { "a plain set", "a set that keeps the lifetime", "a longer lifetime", "an increment", "a delete and a set" }
           select new RaftKvConformanceCase(Group, $"{kind}, then {next}", run => NextAsync(run, kind, next)),
        new(Group, "a key that ended is as one that was never written", AsNewAsync),
        new(Group, "an absolute time is told by a read", AbsoluteAsync),
        new(Group, "both a time to live and an absolute time are refused", run => FailsAsync<ArgumentException>(() =>
            run.SetAsync("k", "v", new KvSetOptions { TimeToLive = Long, ExpiresAt = DateTimeOffset.UnixEpoch.AddYears(100) }).AsTask())),
        new(Group, "keeping a lifetime and giving one are refused together", run => FailsAsync<ArgumentException>(() =>
            run.SetAsync("k", "v", new KvSetOptions { TimeToLive = Long, KeepLifetime = true }).AsTask())),
        new(Group, "a scan has no key that ended", ScanAsync),
    ];

    private static KvSetOptions Of(string kind, TimeSpan time) =>
        kind == "time to live" ? new KvSetOptions { TimeToLive = time } : new KvSetOptions { SlidingExpiration = time };

    private static async Task EndsAsync(ConformanceRun run, string kind, string write)
    {
        if (write == "set")
        {
            await run.SetAsync("k", "v", Of(kind, Short)).ConfigureAwait(false);
        }
        else
        {
            var transaction = new KvTransaction();
            transaction.Then.Set(run.Key("k"), Bytes("v"), Of(kind, Short));
            await run.CommitAsync(transaction).ConfigureAwait(false);
        }
        await GoneAsync(run, "k").ConfigureAwait(false);
    }

    private static async Task NextAsync(ConformanceRun run, string kind, string next)
    {
        await run.SetAsync("k", "1", Of(kind, Long)).ConfigureAwait(false);
        switch (next)
        {
            case "a plain set": await run.SetAsync("k", "2").ConfigureAwait(false); break;
            case "a set that keeps the lifetime":
                await run.SetAsync("k", "2", new KvSetOptions { KeepLifetime = true }).ConfigureAwait(false);
                break;
            case "a longer lifetime": await run.SetAsync("k", "2", Of(kind, 2 * Long)).ConfigureAwait(false); break;
            case "an increment": await run.Kv.IncrementAsync(run.Key("k"), 1, run.Token).ConfigureAwait(false); break;
            default:
                await run.DeleteAsync("k").ConfigureAwait(false);
                await run.SetAsync("k", "2").ConfigureAwait(false);
                break;
        }
        var read = await run.GetAsync("k").ConfigureAwait(false);
        Same("2", Text(read.Value));
        Same(next is not ("a plain set" or "a delete and a set"), read.ExpiresAt is not null);
        Same(read.ExpiresAt is not null && kind == "sliding expiry", read.SlidingExpiration is not null);
    }

    private static async Task AsNewAsync(ConformanceRun run)
    {
        var first = await run.SetAsync("k", "v", new KvSetOptions { TimeToLive = Short }).ConfigureAwait(false);
        await GoneAsync(run, "k").ConfigureAwait(false);
        var second = await run.SetAsync("k", "w", new KvSetOptions { When = KvCondition.NotExists }).ConfigureAwait(false);
        Same(true, second.Applied);
        var read = await run.GetAsync("k").ConfigureAwait(false);
        Same(1L, read.WriteCount);
        That(read.CreateVersion > first.Version);
        That(read.ExpiresAt is null);
    }

    private static async Task AbsoluteAsync(ConformanceRun run)
    {
        await run.SetAsync("k", "v", new KvSetOptions { TimeToLive = Long }).ConfigureAwait(false);
        var ends = (await run.GetAsync("k").ConfigureAwait(false)).ExpiresAt!.Value;
        await run.SetAsync("l", "v", new KvSetOptions { ExpiresAt = ends }).ConfigureAwait(false);
        var told = (await run.GetAsync("l").ConfigureAwait(false)).ExpiresAt!.Value;
        That((told - ends).Duration() < TimeSpan.FromMinutes(1));
    }

    private static async Task ScanAsync(ConformanceRun run)
    {
        await run.SetAsync("a", "stays").ConfigureAwait(false);
        await run.SetAsync("b", "ends", new KvSetOptions { TimeToLive = Short }).ConfigureAwait(false);
        await GoneAsync(run, "b").ConfigureAwait(false);
        Same(1L, await run.Kv.CountAsync(KvKeyRange.StartingWith(run.Prefix), default, run.Token).ConfigureAwait(false));
    }

    /// <summary>Waits until a key is gone, without reading it: a read renews a sliding expiration.</summary>
    private static Task GoneAsync(ConformanceRun run, string name) => run.UntilAsync(async () =>
    {
        await run.AdvanceAsync(Short).ConfigureAwait(false);
        return await run.Kv.CountAsync(KvKeyRange.Exactly(run.Key(name)), default, run.Token).ConfigureAwait(false) == 0;
    }, $"the key {name} ends");
}
