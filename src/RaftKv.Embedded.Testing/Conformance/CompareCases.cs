using static RaftKv.Embedded.Testing.ConformanceRun;

namespace RaftKv.Embedded.Testing;

/// <summary>Every compare of a transaction: what is compared, how, with what, of one key and of a range.</summary>
internal static class CompareCases
{
    private const string Group = "Compares";

    private static readonly KvRelation[] Relations = Enum.GetValues<KvRelation>();

    private static readonly KvCompareTarget[] Targets =
        [KvCompareTarget.Version, KvCompareTarget.CreateVersion, KvCompareTarget.WriteCount, KvCompareTarget.Value];

    public static IEnumerable<RaftKvConformanceCase> All =>
    [
        .. from target in Targets
           from relation in Relations
           from operand in new[] { -1, 0, 1 }
           from isThere in new[] { true, false }
           select new RaftKvConformanceCase(Group,
               $"{target} {relation} {(operand < 0 ? "a smaller operand" : operand == 0 ? "the same" : "a larger operand")}, {(isThere ? "key there" : "no such key")}",
               run => CompareAsync(run, target, relation, operand, isThere)),
        .. from relation in Relations
           from holds in new[] { "all", "one of two", "none", "empty range" }
           select new RaftKvConformanceCase(Group, $"WriteCount of a range {relation}, {holds}", run => CompareRangeAsync(run, relation, holds)),
        new(Group, "all conditions must hold", AllMustHoldAsync),
        new(Group, "none always holds", NoneAsync),
    ];

    private static async Task CompareAsync(ConformanceRun run, KvCompareTarget target, KvRelation relation, int operand, bool isThere)
    {
        if (isThere)
        {
            await run.SetAsync("k", "a").ConfigureAwait(false);
            await run.SetAsync("k", "mm").ConfigureAwait(false);
        }
        var now = await run.GetAsync("k").ConfigureAwait(false);
        int order;
        KvCompare compare;
        if (target == KvCompareTarget.Value)
        {
            var bytes = Bytes(operand < 0 ? "ma" : operand == 0 ? "mm" : "mmm");
            order = now.Value.Span.SequenceCompareTo(bytes);
            compare = KvCompare.Value(run.Key("k"), relation, bytes);
        }
        else
        {
            var value = target switch
            {
                KvCompareTarget.Version => now.Version.Value,
                KvCompareTarget.CreateVersion => now.CreateVersion.Value,
                _ => now.WriteCount,
            };
            var with = Math.Max(0, value + operand);
            order = value.CompareTo(with);
            compare = target switch
            {
                KvCompareTarget.Version => KvCompare.Version(run.Key("k"), relation, new KvVersion(with)),
                KvCompareTarget.CreateVersion => KvCompare.CreateVersion(run.Key("k"), relation, new KvVersion(with)),
                _ => KvCompare.WriteCount(run.Key("k"), relation, with),
            };
        }
        // Without a key there is no value to compare: no relation holds.
        var expected = (target != KvCompareTarget.Value || isThere) && Holds(relation, order);
        Same(expected, await SucceedsAsync(run, compare).ConfigureAwait(false));
    }

    private static async Task CompareRangeAsync(ConformanceRun run, KvRelation relation, string holds)
    {
        // The operand is 2; the counts of the two keys make the relation hold or not.
        var (good, bad) = relation switch
        {
            KvRelation.Equal => (2, 1),
            KvRelation.NotEqual => (1, 2),
            KvRelation.Less => (1, 2),
            _ => (3, 2),
        };
        if (holds != "empty range")
        {
            await WriteAsync(run, "r/a", holds == "none" ? bad : good).ConfigureAwait(false);
            await WriteAsync(run, "r/b", holds == "all" ? good : bad).ConfigureAwait(false);
        }
        var compare = KvCompare.WriteCount(KvKeyRange.StartingWith(run.Key("r/")), relation, 2);
        // An empty range is compared like a key that does not exist, whose write count is 0.
        var expected = holds == "all" || (holds == "empty range" && Holds(relation, 0.CompareTo(2)));
        Same(expected, await SucceedsAsync(run, compare).ConfigureAwait(false));
    }

    private static async Task AllMustHoldAsync(ConformanceRun run)
    {
        await run.SetAsync("a", "1").ConfigureAwait(false);
        Same(true, await SucceedsAsync(run, KvCompare.Exists(run.Key("a")), KvCompare.NotExists(run.Key("b"))).ConfigureAwait(false));
        Same(false, await SucceedsAsync(run, KvCompare.Exists(run.Key("a")), KvCompare.Exists(run.Key("b"))).ConfigureAwait(false));
        Same(false, await SucceedsAsync(run, KvCompare.NotExists(run.Key("a")), KvCompare.NotExists(run.Key("b"))).ConfigureAwait(false));
    }

    private static async Task NoneAsync(ConformanceRun run) => Same(true, await SucceedsAsync(run).ConfigureAwait(false));

    private static async Task WriteAsync(ConformanceRun run, string name, int times)
    {
        for (var i = 0; i < times; i++)
            await run.SetAsync(name, "v").ConfigureAwait(false);
    }

    private static async Task<bool> SucceedsAsync(ConformanceRun run, params KvCompare[] compares)
    {
        var transaction = new KvTransaction();
        foreach (var compare in compares)
            transaction.If(compare);
        transaction.Then.Set(run.Key("then"), Bytes("1"));
        transaction.Else.Set(run.Key("else"), Bytes("1"));
        var result = await run.CommitAsync(transaction).ConfigureAwait(false);
        Same(result.Succeeded, (await run.GetAsync("then").ConfigureAwait(false)).Version == result.Version);
        Same(!result.Succeeded, (await run.GetAsync("else").ConfigureAwait(false)).Version == result.Version);
        return result.Succeeded;
    }

    private static bool Holds(KvRelation relation, int order) => relation switch
    {
        KvRelation.Equal => order == 0,
        KvRelation.NotEqual => order != 0,
        KvRelation.Less => order < 0,
        _ => order > 0,
    };
}
