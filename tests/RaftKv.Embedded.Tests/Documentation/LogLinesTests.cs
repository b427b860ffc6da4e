using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace RaftKv.Embedded.Tests.Documentation;

/// <summary>
/// The table of log lines in docs/operations.md has every line of the sources with its number, level and text, and no other line.
/// </summary>
public sealed partial class LogLinesTests
{
    [Fact]
    public async Task Every_log_line_is_documented_as_it_is_and_no_other()
    {
        var written = new List<string>();
        foreach (var file in Directory.EnumerateFiles(Repository.PathOf("src"), "*Log.cs", SearchOption.AllDirectories))
        {
            foreach (Match line in LogLine().Matches(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)))
                written.Add($"| {line.Groups["id"].Value} | {line.Groups["level"].Value} | {string.Concat(line.Groups["text"].Captures).Replace("\\\"", "\"", StringComparison.Ordinal)} |");
        }
        var operations = await File.ReadAllLinesAsync(Repository.PathOf("docs", "operations.md"), TestContext.Current.CancellationToken);
        var documented = operations.SkipWhile(l => l != "| event id | level | message |").Skip(2).TakeWhile(l => l.StartsWith("| ", StringComparison.Ordinal)).ToArray();

        Assert.NotEmpty(written);
        Assert.Equal(written.OrderBy(Number), documented);
        Assert.Equal(written.Select(Number).Distinct().Count(), written.Count);
    }

    private static int Number(string row) => int.Parse(row.Split(' ')[1], CultureInfo.InvariantCulture);

    [GeneratedRegex("""\[LoggerMessage\((?<id>\d+), LogLevel\.(?<level>\w+),(\s*\+?\s*"(?<text>([^"\\]|\\.)*)")+\)\]""")]
    private static partial Regex LogLine();
}
