using System.Text.RegularExpressions;
using Xunit;

namespace RaftKv.Embedded.Tests.Architecture;

/// <summary>The namespaces of the core package use each other as the table in docs/architecture.md says, and not otherwise.</summary>
public sealed partial class LayerTests
{
    private const string Root = "RaftKv.Embedded";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_arrow_between_namespaces_is_in_the_table_and_every_row_has_its_arrows()
    {
        var documented = (await DocumentedAsync()).ToHashSet();
        var arrows = NamespaceArrows.Of(typeof(RaftKvOptions).Assembly.Location, LayerOf);

        var unwanted = arrows.Where(a => !documented.Contains(a.Key))
            .Select(a => $"{a.Key.From} → {a.Key.To}: {string.Join(", ", a.Value.Take(5))}");
        Assert.Empty(unwanted);
        Assert.All(documented, arrow => Assert.True(arrows.ContainsKey(arrow), $"The table has {arrow}, the assembly has not."));
    }

    /// <summary>
    /// Reads the source files: the compiler inlines constants, so the assembly has no reference to the types that declare them.
    /// </summary>
    [Fact]
    public void The_contract_names_no_other_namespace()
    {
        foreach (var file in Directory.EnumerateFiles(Repository.PathOf("src", Root, "Contract"), "*.cs", SearchOption.AllDirectories))
            Assert.DoesNotMatch(InternalUsing(), File.ReadAllText(file));
    }

    [Fact]
    public void Every_type_is_in_the_folder_of_its_namespace()
    {
        foreach (var file in Directory.EnumerateFiles(Repository.PathOf("src", Root), "*.cs", SearchOption.AllDirectories))
        {
            var folder = Path.GetRelativePath(Repository.PathOf("src", Root), file).Split(Path.DirectorySeparatorChar)[0];
            if (folder is "bin" or "obj")
                continue;
            foreach (Match declared in Namespace().Matches(File.ReadAllText(file)))
                Assert.True(LayerOf(declared.Groups[1].Value) == folder, $"{file} declares {declared.Groups[1].Value}.");
        }
    }

    /// <summary>Extension methods that register the library are declared in namespaces of the framework, and belong to Hosting.</summary>
    private static string LayerOf(string name) => name switch
    {
        Root => "Contract",
        "Microsoft.Extensions.DependencyInjection" or "Microsoft.Extensions.Configuration" => "Hosting",
        _ when name.StartsWith($"{Root}.", StringComparison.Ordinal) => name[(Root.Length + 1)..].Split('.')[0],
        _ => "",
    };

    private static async Task<IEnumerable<(string From, string To)>> DocumentedAsync()
    {
        var lines = await File.ReadAllLinesAsync(Repository.PathOf("docs", "architecture.md"), Cancel);
        return lines.SkipWhile(l => !l.StartsWith("| folder | uses |", StringComparison.Ordinal)).Skip(2)
            .TakeWhile(l => l.StartsWith('|'))
            .Select(l => l.Split('|').Select(cell => cell.Trim()).ToArray())
            .SelectMany(cells => Name().Matches(cells[2]).Select(m => (Name().Match(cells[1]).Groups[1].Value, m.Groups[1].Value)));
    }

    [GeneratedRegex("`(\\w+)/?`")]
    private static partial Regex Name();

    [GeneratedRegex(@"^namespace ([\w.]+)", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^using RaftKv\.Embedded\.", RegexOptions.Multiline)]
    private static partial Regex InternalUsing();
}
