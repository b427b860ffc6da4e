using Xunit;

namespace RaftKv.Embedded.Tests.Documentation;

/// <summary>
/// The code that the pages show is compiled and run: a test contains it between two marks, and a page must have the same lines.
/// </summary>
internal static class DocumentedCode
{
    /// <param name="source">The file of the test, in this folder.</param>
    /// <param name="section">The heading in a page; the marks are <c>// DOCS: section</c> and <c>// end</c>.</param>
    public static void IsThatOf(string source, string section) =>
        IsThatOf(["tests", "RaftKv.Embedded.Tests", "Documentation", source], section);

    /// <param name="path">The path of the file, from the root of the repository.</param>
    /// <param name="section">The heading in a page, as in the other overload.</param>
    public static void IsThatOf(string[] path, string section)
    {
        var source = path[^1];
        var lines = File.ReadAllLines(Repository.PathOf(path));
        var from = Array.FindIndex(lines, l => l.Trim() == $"// DOCS: {section}") + 1;
        Assert.True(from > 0, $"{source} has no mark for {section}.");
        var to = Array.FindIndex(lines, from, l => l.Trim() == "// end");
        var indent = lines[from].Length - lines[from].TrimStart().Length;
        var code = string.Join('\n', lines[from..to].Select(l => l.Length > indent ? l[indent..] : ""));

        var sections = Documents.All.Select(page => SectionOf(page, section)).OfType<string>().ToList();
        Assert.True(sections.Count > 0, $"No page has a section {section}.");
        Assert.Contains(sections, text => text.Contains($"```csharp\n{code}\n```", StringComparison.Ordinal));
    }

    private static string? SectionOf(string page, string section)
    {
        var text = File.ReadAllText(page).ReplaceLineEndings("\n");
        var heading = text.IndexOf($"\n## {section}\n", StringComparison.Ordinal);
        if (heading < 0)
            return null;
        var end = text.IndexOf("\n## ", heading + 1, StringComparison.Ordinal);
        return text[heading..(end < 0 ? text.Length : end)];
    }
}
