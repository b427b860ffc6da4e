using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Xunit;

namespace RaftKv.Embedded.Tests.Architecture;

/// <summary>A class of the core package has one job: at most 15 fields, at most 400 lines, in one file.</summary>
public sealed partial class ClassSizeTests
{
    private const int MaxFields = 15;
    private const int MaxLines = 400;
    private const BindingFlags Declared = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    [Fact]
    public void No_class_with_behaviour_has_many_fields()
    {
        var large = typeof(RaftKvOptions).Assembly.GetTypes()
            .Where(t => !t.IsEnum && !t.IsInterface && !IsData(t))
            .Select(t => (t.FullName, Fields: FieldsOf(t).Length))
            .Where(t => t.Fields > MaxFields);
        Assert.Empty(large);
    }

    [Fact]
    public void No_file_is_long_and_no_class_is_spread_over_files()
    {
        var files = Directory.EnumerateFiles(Repository.PathOf("src", "RaftKv.Embedded"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)).ToList();
        Assert.All(files, file => Assert.True(File.ReadAllLines(file).Length <= MaxLines, $"{file} is longer than {MaxLines} lines."));
        var spread = files.SelectMany(file => Partial().Matches(File.ReadAllText(file)).Select(m => m.Groups[1].Value))
            .GroupBy(name => name).Where(parts => parts.Count() > 1).Select(parts => parts.Key)
            // The members that FASTER's interface requires and this store does not use are in a file of their own.
            .Except(["FasterFunctions"]);
        Assert.Empty(spread);
    }

    private static FieldInfo[] FieldsOf(Type type) => type.GetFields(Declared);

    /// <summary>Options, records, types that the compiler generates, and types with nothing but properties.</summary>
    private static bool IsData(Type type) => type.Name.EndsWith("Options", StringComparison.Ordinal)
        || type.GetMethod("<Clone>$") is not null || type.Name.Contains('<', StringComparison.Ordinal)
        || type.IsDefined(typeof(CompilerGeneratedAttribute))
        || type.GetMethod("PrintMembers", BindingFlags.Instance | BindingFlags.NonPublic) is not null
        || type.GetMethods(Declared).All(m => m.IsSpecialName);

    [GeneratedRegex(@"\bpartial (?:class|struct|record) (\w+)")]
    private static partial Regex Partial();
}
