using System.Diagnostics;
using System.Text.RegularExpressions;
using RaftKv.Testing;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>The session of the article works with real curl against real processes, and docs/article.md shows it as it is.</summary>
public partial class ArticleScriptTests
{
    private static readonly string[] ArticlePorts = ["2221", "2222", "2223", "2224", "1111", "1112", "1113", "1114"];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_articles_session_holds_and_the_readme_tells_it_as_it_is()
    {
        Assert.SkipUnless(File.Exists("/bin/bash") && File.Exists("/usr/bin/curl"), "bash or curl is not installed.");
        var ports = ArticlePorts.Select(_ => Ports.Take().ToString()).ToArray();

        var transcript = await RunAsync(Path.Combine(Repository.Root, "samples", "WebApi", "article.sh"), ports);

        Assert.EndsWith("# All six tests hold.", transcript.TrimEnd(), StringComparison.Ordinal);
        var told = Normal(transcript.Split('\n'), ports).ToList();
        var at = 0;
        foreach (var line in Normal(DocumentedSession(), ArticlePorts))
        {
            at = told.IndexOf(line, at) + 1;
            Assert.True(at > 0, $"The session does not say, or not in this order: {line}\n{transcript}");
        }
    }

    private static async Task<string> RunAsync(string script, string[] ports)
    {
        var start = new ProcessStartInfo("/bin/bash", [script])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["ARTICLE_PORTS"] = string.Join(' ', ports), ["ARTICLE_PROGRAM"] = SampleNode.Program, ["RaftKv__ElectionTimeout"] = "00:00:01" },
        };
        start.Environment["PATH"] = Path.GetDirectoryName(NodeProgram.DotNet) + ":" + Environment.GetEnvironmentVariable("PATH");
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(Stop);
        var errors = process.StandardError.ReadToEndAsync(Stop);
        await process.WaitForExitAsync(Stop).WaitAsync(TimeSpan.FromMinutes(3), Stop);
        Assert.True(process.ExitCode == 0, await output + await errors);
        return await output;
    }

    /// <summary>The session that docs/article.md shows.</summary>
    private static IEnumerable<string> DocumentedSession()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "article.md"));
        var section = page.Split("## The article, today")[1].Split("\n## ")[0];
        return section.Split("```console\n")[1].Split("```")[0].Split('\n').Where(line => line.Length > 0);
    }

    /// <summary>
    /// The lines with the ports of the article, and without the figures that differ from run to run. The document may shorten a long answer
    /// with an ellipsis.
    /// </summary>
    private static IEnumerable<string> Normal(IEnumerable<string> lines, string[] ports)
    {
        foreach (var line in lines)
        {
            var text = line;
            for (var i = 0; i < ports.Length; i++)
            {
                text = text.Replace(":" + ports[i], ":" + ArticlePorts[i], StringComparison.Ordinal);
                text = text.Replace("_PORT=" + ports[i], "_PORT=" + ArticlePorts[i], StringComparison.Ordinal);
            }
            text = Version().Replace(text, "\"version\":#");
            yield return Status().Replace(text, "\"data\":{…}}");
        }
    }

    [GeneratedRegex("\"version\":[0-9]+")]
    private static partial Regex Version();

    [GeneratedRegex("\"data\":\\{(\"state\".*|…\\})\\}$")]
    private static partial Regex Status();
}
