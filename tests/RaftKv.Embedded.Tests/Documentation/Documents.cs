namespace RaftKv.Embedded.Tests.Documentation;

/// <summary>The pages that users read.</summary>
internal static class Documents
{
    /// <summary>The README, its companions beside it, and all pages of docs/.</summary>
    public static IEnumerable<string> All =>
    [
        Repository.PathOf("README.md"), Repository.PathOf("CONTRIBUTING.md"), Repository.PathOf("SECURITY.md"),
        .. Directory.EnumerateFiles(Repository.PathOf("docs"), "*.md").Order(StringComparer.Ordinal),
    ];
}
