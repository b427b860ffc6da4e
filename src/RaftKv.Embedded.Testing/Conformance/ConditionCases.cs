using static RaftKv.Embedded.Testing.ConformanceRun;

namespace RaftKv.Embedded.Testing;

/// <summary>Sets and deletes under each condition, in each state of the key.</summary>
internal static class ConditionCases
{
    private const string Group = "Conditions";

    private static readonly string[] States = ["never written", "written once", "overwritten", "deleted", "created again", "empty value"];

    private static readonly string[] Conditions = ["Always", "Exists", "NotExists", "VersionIs current", "VersionIs older", "VersionIs none"];

    public static IEnumerable<RaftKvConformanceCase> All =>
        from state in States
        from condition in Conditions
        from write in new[] { "set", "set with a time to live", "transaction" }
        select new RaftKvConformanceCase(Group, $"{write} with {condition}, key {state}", run => WriteAsync(run, state, condition, write));

    private static async Task WriteAsync(ConformanceRun run, string state, string condition, string write)
    {
        await PrepareAsync(run, state).ConfigureAwait(false);
        var before = await run.GetAsync("k").ConfigureAwait(false);
        var when = Condition(condition, before);
        var expected = Holds(when, before);

        var (applied, version) = write == "transaction"
            ? await CommitAsync(run, when).ConfigureAwait(false)
            : await SetAsync(run, when, write != "set").ConfigureAwait(false);

        Same(expected, applied);
        var after = await run.GetAsync("k").ConfigureAwait(false);
        if (!expected)
        {
            Same(before.Found, after.Found);
            Same(before.Version, after.Version);
            return;
        }
        Same("new", Text(after.Value));
        Same(version, after.Version);
        Same(before.Found ? before.CreateVersion : version, after.CreateVersion);
        Same(before.WriteCount + 1, after.WriteCount);
        That(after.Version > before.Version);
        Same(write == "set with a time to live", after.ExpiresAt is not null);
    }

    private static async Task<(bool, KvVersion)> SetAsync(ConformanceRun run, KvCondition when, bool expires)
    {
        var options = new KvSetOptions { When = when, TimeToLive = expires ? TimeSpan.FromHours(1) : null };
        var result = await run.SetAsync("k", "new", options).ConfigureAwait(false);
        return (result.Applied, result.Version);
    }

    private static async Task<(bool, KvVersion)> CommitAsync(ConformanceRun run, KvCondition when)
    {
        var transaction = new KvTransaction();
        if (when.Kind == KvConditionKind.Exists)
            transaction.If(KvCompare.Exists(run.Key("k")));
        else if (when.Kind == KvConditionKind.NotExists)
            transaction.If(KvCompare.NotExists(run.Key("k")));
        else if (when.Kind == KvConditionKind.VersionIs)
            transaction.If(KvCompare.Version(run.Key("k"), KvRelation.Equal, when.Version));
        transaction.Then.Set(run.Key("k"), Bytes("new"));
        var result = await run.CommitAsync(transaction).ConfigureAwait(false);
        return (result.Succeeded, result.Version);
    }

    private static async Task PrepareAsync(ConformanceRun run, string state)
    {
        if (state == "never written")
            return;
        await run.SetAsync("k", state == "empty value" ? "" : "first").ConfigureAwait(false);
        if (state is "overwritten")
            await run.SetAsync("k", "second").ConfigureAwait(false);
        if (state is "deleted" or "created again")
            await run.DeleteAsync("k").ConfigureAwait(false);
        if (state is "created again")
            await run.SetAsync("k", "again").ConfigureAwait(false);
    }

    private static KvCondition Condition(string name, KvGetResult now) => name switch
    {
        "Always" => KvCondition.Always,
        "Exists" => KvCondition.Exists,
        "NotExists" => KvCondition.NotExists,
        "VersionIs current" => KvCondition.VersionIs(now.Version),
        "VersionIs older" => KvCondition.VersionIs(new KvVersion(Math.Max(1, now.Version.Value - 1))),
        _ => KvCondition.VersionIs(KvVersion.None),
    };

    private static bool Holds(KvCondition when, KvGetResult now) => when.Kind switch
    {
        KvConditionKind.Exists => now.Found,
        KvConditionKind.NotExists => !now.Found,
        KvConditionKind.VersionIs => now.Version == when.Version,
        _ => true,
    };
}
