using static RaftKv.Embedded.Testing.ConformanceRun;

namespace RaftKv.Embedded.Testing;

/// <summary>Every way to read, of keys that are there and keys that are not.</summary>
internal static class ReadCases
{
    private const string Group = "Reads";

    private static readonly (string Name, KvReadOptions Options)[] Freshness =
    [
        ("linearizable", default),
        ("leader lease", KvReadOptions.LeaderLease),
        ("stale", KvReadOptions.Stale),
        ("stale, not older than a minute", KvReadOptions.NotOlderThan(TimeSpan.FromMinutes(1))),
        ("stale without a leader", new KvReadOptions { StaleWithoutLeader = true }),
    ];

    public static IEnumerable<RaftKvConformanceCase> All =>
    [
        .. from fresh in Freshness
           from isThere in new[] { true, false }
           from size in new[] { 0, 1, 1_000, 100_000 }
           where isThere || size == 0
           select new RaftKvConformanceCase(Group, $"{fresh.Name}, {(isThere ? $"a value of {size} bytes" : "no such key")}",
               run => ReadAsync(run, fresh.Options, isThere, size)),
        new(Group, "at least a version, after the write", MinVersionAsync),
        new(Group, "what was read is a copy", CopyAsync),
        new(Group, "what was written is a copy", WrittenCopyAsync),
        new(Group, "keys are compared by their bytes", BytesAsync),
        new(Group, "ReadAt rises with each write", ReadAtAsync),
        new(Group, "deleting what is not there changes nothing", DeleteNothingAsync),
        new(Group, "deleting what is there, once", DeleteOnceAsync),
    ];

    private static async Task ReadAsync(ConformanceRun run, KvReadOptions options, bool isThere, int size)
    {
        var value = new byte[size];
        value.AsSpan().Fill(7);
        var written = isThere ? await run.Kv.SetAsync(run.Key("k"), value, default, run.Token).ConfigureAwait(false) : default;

        var get = await run.GetAsync("k", options).ConfigureAwait(false);
        var read = await run.Kv.ReadAsync(run.Key("k"), 1, static (bytes, version, add) => bytes.Length + version.Value + add, options,
            run.Token).ConfigureAwait(false);
        var isLocal = run.Kv.TryRead(run.Key("k"), 1, static (bytes, version, add) => bytes.Length + version.Value + add, out var local);

        Same(isThere, get.Found);
        Same(isThere, read.Found);
        Same(isThere, isLocal);
        Same(written.Version, get.Version);
        That(get.Value.Span.SequenceEqual(isThere ? value : []));
        if (!isThere)
            return;
        Same(size + written.Version.Value + 1, read.Result);
        Same(size + written.Version.Value + 1, local);
        That(get.ReadAt >= written.Version);
    }

    private static async Task MinVersionAsync(ConformanceRun run)
    {
        var written = await run.SetAsync("k", "v").ConfigureAwait(false);
        Same("v", Text((await run.GetAsync("k", KvReadOptions.AtLeast(written.Version)).ConfigureAwait(false)).Value));
    }

    private static async Task CopyAsync(ConformanceRun run)
    {
        await run.SetAsync("k", "old").ConfigureAwait(false);
        var read = await run.GetAsync("k").ConfigureAwait(false);
        await run.SetAsync("k", "new").ConfigureAwait(false);
        Same("old", Text(read.Value));
    }

    private static async Task WrittenCopyAsync(ConformanceRun run)
    {
        var value = Bytes("before");
        var write = run.Kv.SetAsync(run.Key("k"), value, default, run.Token);
        value.AsSpan().Clear();
        await write.ConfigureAwait(false);
        Same("before", await run.ReadAsync("k").ConfigureAwait(false));
    }

    private static async Task BytesAsync(ConformanceRun run)
    {
        await run.SetAsync("é", "composed").ConfigureAwait(false);
        await run.SetAsync("e\u0301", "two characters").ConfigureAwait(false);
        await run.SetAsync("E\u0301", "capital").ConfigureAwait(false);
        Same("composed", await run.ReadAsync("é").ConfigureAwait(false));
        Same("two characters", await run.ReadAsync("e\u0301").ConfigureAwait(false));
        Same("capital", await run.ReadAsync("E\u0301").ConfigureAwait(false));
    }

    private static async Task ReadAtAsync(ConformanceRun run)
    {
        var before = (await run.GetAsync("k").ConfigureAwait(false)).ReadAt;
        var written = await run.SetAsync("k", "v").ConfigureAwait(false);
        That(written.Version > before);
        That((await run.GetAsync("k").ConfigureAwait(false)).ReadAt >= written.Version);
    }

    private static async Task DeleteNothingAsync(ConformanceRun run)
    {
        Same(false, (await run.DeleteAsync("k").ConfigureAwait(false)).Applied);
        Same(null, await run.ReadAsync("k").ConfigureAwait(false));
    }

    private static async Task DeleteOnceAsync(ConformanceRun run)
    {
        var written = await run.SetAsync("k", "v").ConfigureAwait(false);
        var deleted = await run.DeleteAsync("k").ConfigureAwait(false);
        Same(true, deleted.Applied);
        That(deleted.Version > written.Version);
        Same(false, (await run.DeleteAsync("k").ConfigureAwait(false)).Applied);
        Same(false, (await run.GetAsync("k").ConfigureAwait(false)).Found);
    }
}
