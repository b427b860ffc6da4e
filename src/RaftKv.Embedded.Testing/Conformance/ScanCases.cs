using static RaftKv.Embedded.Testing.ConformanceRun;

namespace RaftKv.Embedded.Testing;

/// <summary>Every kind of range with every option, by enumeration, page by page, and counted.</summary>
internal static class ScanCases
{
    private const string Group = "Scans";

    private static readonly string[] Names = ["a", "a/1", "a/2", "a/2/x", "aa", "b", "b/1", "z", "é"];

    private static readonly (string Name, Func<ConformanceRun, KvKeyRange> Range, Func<string, bool> Has)[] Ranges =
    [
        ("everything", run => KvKeyRange.StartingWith(run.Prefix), _ => true),
        ("a prefix", run => KvKeyRange.StartingWith(run.Key("a/")), n => n.StartsWith("a/", StringComparison.Ordinal)),
        ("a prefix that is a key", run => KvKeyRange.StartingWith(run.Key("a")), n => n.StartsWith('a')),
        ("a prefix without keys", run => KvKeyRange.StartingWith(run.Key("none")), _ => false),
        ("one key", run => KvKeyRange.Exactly(run.Key("a/2")), n => n == "a/2"),
        ("one key that is not there", run => KvKeyRange.Exactly(run.Key("a/3")), _ => false),
        ("from one to another", run => KvKeyRange.Between(run.Key("a/2"), run.Key("b")), n => Order(n, "a/2") >= 0 && Order(n, "b") < 0),
        ("nothing between", run => KvKeyRange.Between(run.Key("b"), run.Key("a")), _ => false),
        ("a prefix from a key on", run => new KvKeyRange { Prefix = run.Key("a"), From = run.Key("a/2") }, n => n.StartsWith('a') && Order(n, "a/2") >= 0),
        ("a prefix up to a key", run => new KvKeyRange { Prefix = run.Key("a"), To = run.Key("a/2") }, n => n.StartsWith('a') && Order(n, "a/2") < 0),
    ];

    private static readonly (string Name, int Limit, string? After, bool KeysOnly)[] Options =
    [
        ("all", 0, null, false),
        ("keys only", 0, null, true),
        ("limit 1", 1, null, false),
        ("limit 3", 3, null, false),
        ("limit 100", 100, null, false),
        ("after a key", 0, "a/1", false),
        ("after a key that is not there, limit 2", 2, "a/11", true),
        ("after the last", 0, "é", false),
    ];

    public static IEnumerable<RaftKvConformanceCase> All =>
    [
        .. from range in Ranges
           from options in Options
           from how in new[] { "enumerated", "pages" }
           select new RaftKvConformanceCase(Group, $"{range.Name}, {options.Name}, {how}",
               run => ScanAsync(run, range.Range(run), range.Has, options.Limit, options.After, options.KeysOnly, how)),
        .. from range in Ranges
           select new RaftKvConformanceCase(Group, $"{range.Name}, counted", run => CountAsync(run, range.Range(run), range.Has)),
        new(Group, "a page after writes goes on in its version", SameVersionAsync),
        new(Group, "an enumeration is of one version", OneVersionAsync),
        new(Group, "a negative limit is refused", NegativeAsync),
    ];

    private static int Order(string a, string b) => Bytes(a).AsSpan().SequenceCompareTo(Bytes(b));

    private static async Task ScanAsync(
        ConformanceRun run, KvKeyRange range, Func<string, bool> has, int limit, string? after, bool keysOnly, string how)
    {
        await FillAsync(run).ConfigureAwait(false);
        var options = new KvScanOptions { Limit = limit, After = after is null ? null : run.Key(after), KeysOnly = keysOnly };
        var expected = Names.Where(n => has(n) && (after is null || Order(n, after) > 0)).ToList();
        var found = how == "pages"
            ? await PagesAsync(run, range, options).ConfigureAwait(false)
            : await run.Kv.ScanAsync(range, options, run.Token).ToListAsync(run.Token).ConfigureAwait(false);
        // All pages together have every entry: the limit is that of one page.
        var wanted = limit > 0 && how != "pages" ? expected.Take(limit) : expected;
        SameList(wanted.Select(run.Key), found.Select(e => e.Key));
        foreach (var entry in found)
            Same(keysOnly ? "" : entry.Key[run.Prefix.Length..], Text(entry.Value));
        if (!keysOnly)
            That(found.TrueForAll(e => e.Version.Value > 0));
    }

    private static async Task<List<KvEntry>> PagesAsync(ConformanceRun run, KvKeyRange range, KvScanOptions options)
    {
        var found = new List<KvEntry>();
        while (true)
        {
            var page = await run.Kv.ScanPageAsync(range, options, run.Token).ConfigureAwait(false);
            That(options.Limit == 0 || page.Entries.Count <= options.Limit);
            found.AddRange(page.Entries);
            if (page.Next is null)
                return found;
            options = options with { After = page.Next, AtVersion = page.Version };
        }
    }

    private static async Task CountAsync(ConformanceRun run, KvKeyRange range, Func<string, bool> has)
    {
        await FillAsync(run).ConfigureAwait(false);
        Same(Names.Count(has), (int)await run.Kv.CountAsync(range, default, run.Token).ConfigureAwait(false));
    }

    private static async Task SameVersionAsync(ConformanceRun run)
    {
        await FillAsync(run).ConfigureAwait(false);
        var all = KvKeyRange.StartingWith(run.Prefix);
        var page = await run.Kv.ScanPageAsync(all, new KvScanOptions { Limit = 2 }, run.Token).ConfigureAwait(false);
        await run.SetAsync("a/2", "changed").ConfigureAwait(false);
        await run.SetAsync("m", "new").ConfigureAwait(false);
        await run.DeleteAsync("z").ConfigureAwait(false);
        var ofThatVersion = new KvScanOptions { After = page.Next, AtVersion = page.Version, Limit = int.MaxValue };
        var rest = await run.Kv.ScanPageAsync(all, ofThatVersion, run.Token).ConfigureAwait(false);
        SameList(Names.Skip(2), rest.Entries.Select(e => Text(e.Value)));
    }

    private static async Task OneVersionAsync(ConformanceRun run)
    {
        await FillAsync(run).ConfigureAwait(false);
        var seen = new List<string>();
        await foreach (var entry in run.Kv.ScanAsync(KvKeyRange.StartingWith(run.Prefix), default, run.Token).ConfigureAwait(false))
        {
            seen.Add(Text(entry.Value));
            await run.SetAsync("zz" + seen.Count, "later").ConfigureAwait(false);
            await run.DeleteAsync("z").ConfigureAwait(false);
        }
        SameList(Names, seen);
    }

    private static Task NegativeAsync(ConformanceRun run) => FailsAsync<ArgumentOutOfRangeException>(() =>
        run.Kv.ScanPageAsync(KvKeyRange.All, new KvScanOptions { Limit = -1 }, run.Token).AsTask());

    private static Task FillAsync(ConformanceRun run) =>
        run.Kv.SetManyAsync(Names.Select(n => new KeyValuePair<string, ReadOnlyMemory<byte>>(run.Key(n), Bytes(n))), run.Token).AsTask();
}
