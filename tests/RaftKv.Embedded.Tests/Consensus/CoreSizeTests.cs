using System.Reflection;
using System.Runtime.CompilerServices;
using RaftKv.Embedded.Consensus;
using Xunit;

namespace RaftKv.Embedded.Tests.Consensus;

/// <summary>The core is made of collaborators with one job each. None of them grows into a class that holds everything.</summary>
public sealed class CoreSizeTests
{
    private const int MaxFields = 15;
    private const int MaxLines = 400;

    [Fact]
    public void No_class_of_the_core_has_many_fields()
    {
        var large = typeof(RaftCore).Assembly.GetTypes()
            .Where(t => t.Namespace == typeof(RaftCore).Namespace && t.IsClass && !IsData(t))
            .Select(t => (t.Name, Fields: FieldsOf(t).Length))
            .Where(t => t.Fields > MaxFields);
        Assert.Empty(large);
    }

    [Fact]
    public void No_file_of_the_core_is_long_and_no_class_is_spread_over_files()
    {
        foreach (var file in Directory.EnumerateFiles(Repository.PathOf("src", "RaftKv.Embedded", "Consensus"), "*.cs"))
        {
            Assert.InRange(File.ReadAllLines(file).Length, 1, MaxLines);
            Assert.DoesNotContain(" partial class ", File.ReadAllText(file));
        }
    }

    private static FieldInfo[] FieldsOf(Type type) =>
        type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly);

    private static bool IsData(Type type) => type.GetMethod("<Clone>$") is not null || type.IsDefined(typeof(CompilerGeneratedAttribute));
}
