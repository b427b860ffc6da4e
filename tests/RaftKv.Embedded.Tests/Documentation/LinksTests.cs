using System.Text.RegularExpressions;
using Xunit;

namespace RaftKv.Embedded.Tests.Documentation;

/// <summary>Every link between pages, and from pages to files, leads to an existing file and heading.</summary>
public sealed partial class LinksTests
{
    public static TheoryData<string> Pages() => [.. Documents.All.Select(p => Path.GetRelativePath(Repository.PathOf(), p))];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_link_of_a_page_leads_to_a_file_and_a_heading(string page)
    {
        var path = Repository.PathOf(page);
        foreach (Match link in Link().Matches(File.ReadAllText(path)))
        {
            var (target, anchor) = (link.Groups[1].Value, link.Groups[2].Value);
            var file = target.Length == 0 ? path : Path.Combine(Path.GetDirectoryName(path)!, target);
            Assert.True(File.Exists(file) || Directory.Exists(file), $"{page} links to {target}, which does not exist.");
            if (anchor.Length > 0)
                Assert.True(Anchors(file).Contains(anchor),
                    $"{page} links to #{anchor}, and {Path.GetFileName(file)} has no such heading.");
        }
    }

    [Fact]
    public void The_README_is_short_and_names_every_page()
    {
        var readme = File.ReadAllText(Repository.PathOf("README.md"));

        Assert.InRange(readme.Split('\n').Length, 50, 200);
        Assert.All(Directory.EnumerateFiles(Repository.PathOf("docs"), "*.md"),
            page => Assert.Contains($"(docs/{Path.GetFileName(page)}", readme));
    }

    /// <summary>The anchors that hosting sites make from the headings of a page.</summary>
    private static IEnumerable<string> Anchors(string file) => Heading().Matches(File.ReadAllText(file))
        .Select(m => NotInAnchors().Replace(m.Groups[1].Value.ToLowerInvariant(), "").Replace(' ', '-'));

    [GeneratedRegex(@"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")]
    private static partial Regex Link();

    [GeneratedRegex("^#+ (.*)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchors();
}
