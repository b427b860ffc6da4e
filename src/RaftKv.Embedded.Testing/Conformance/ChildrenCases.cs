using static RaftKv.Embedded.Testing.ConformanceRun;

namespace RaftKv.Embedded.Testing;

/// <summary>Keys as a directory.</summary>
internal static class ChildrenCases
{
    private const string Group = "Children";

    private static readonly string[] Names = ["a", "d/1", "d/2", "d/e/3", "d:x", "f/", "g"];

    public static IEnumerable<RaftKvConformanceCase> All =>
    [
        ListOf("the top", "", '/', null, "a", "d/", "d:x", "f/", "g"),
        ListOf("below a group", "d/", '/', null, "d/1", "d/2", "d/e/"),
        ListOf("another delimiter", "", ':', null, "a", "d/1", "d/2", "d/e/3", "d:", "f/", "g"),
        ListOf("after a key", "", '/', "a", "d/", "d:x", "f/", "g"),
        ListOf("after a group", "", '/', "d/", "d:x", "f/", "g"),
        ListOf("after the last", "", '/', "g"),
        ListOf("below nothing", "none/", '/', null),
        ListOf("a key that ends with the delimiter", "f/", '/', null, "f/"),
        new(Group, "a delimiter that is not ASCII is refused", run => FailsAsync<ArgumentOutOfRangeException>(async () =>
            await run.Kv.ListChildrenAsync(run.Prefix, 'é', cancellationToken: run.Token).ToListAsync(run.Token).ConfigureAwait(false))),
    ];

    private static RaftKvConformanceCase ListOf(string name, string below, char delimiter, string? after, params string[] expected) =>
        new(Group, name, async run =>
        {
            foreach (var key in Names)
                await run.SetAsync(key, "v").ConfigureAwait(false);
            var children = await run.Kv.ListChildrenAsync(run.Key(below), delimiter, default, after is null ? null : run.Key(after), run.Token)
                .ToListAsync(run.Token).ConfigureAwait(false);
            SameList(expected.Select(run.Key), children.Select(c => c.Name));
            foreach (var child in children)
                Same(!Names.Contains(child.Name[run.Prefix.Length..]) || (child.Name == run.Key("f/") && below.Length == 0 && delimiter == '/'), child.IsGroup);
        });
}
