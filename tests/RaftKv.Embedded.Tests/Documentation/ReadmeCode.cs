using Xunit;

namespace RaftKv.Embedded.Tests.Documentation;

/// <summary>What the README shows is compiled and run: a test has the code, between two marks, and the README has the same lines.</summary>
internal static class ReadmeCode
{
    /// <param name="source">The file of the test, in this folder.</param>
    /// <param name="section">The heading in the README; the marks are <c>// README: section</c> and <c>// end</c>.</param>
    public static void IsThatOf(string source, string section) => IsThatOf(["tests", "RaftKv.Embedded.Tests", "Documentation", source], section);

    /// <param name="path">The file, from the root of the repository.</param>
    /// <param name="section">As above.</param>
    public static void IsThatOf(string[] path, string section)
    {
        var source = path[^1];
        var lines = File.ReadAllLines(Repository.PathOf(path));
        var from = Array.FindIndex(lines, l => l.Trim() == $"// README: {section}") + 1;
        Assert.True(from > 0, $"{source} has no mark for {section}.");
        var to = Array.FindIndex(lines, from, l => l.Trim() == "// end");
        var indent = lines[from].Length - lines[from].TrimStart().Length;
        var code = string.Join('\n', lines[from..to].Select(l => l.Length > indent ? l[indent..] : ""));

        var readme = File.ReadAllText(Repository.PathOf("README.md")).ReplaceLineEndings("\n");
        var heading = readme.IndexOf($"\n## {section}\n", StringComparison.Ordinal);
        Assert.True(heading >= 0, $"The README has no section {section}.");
        var end = readme.IndexOf("\n## ", heading + 1, StringComparison.Ordinal);
        Assert.Contains($"```csharp\n{code}\n```", readme[heading..(end < 0 ? readme.Length : end)]);
    }
}
