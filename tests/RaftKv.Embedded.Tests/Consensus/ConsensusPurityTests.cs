using System.Text.RegularExpressions;
using Xunit;

namespace RaftKv.Embedded.Tests.Consensus;

/// <summary>
/// Consensus and state machine are deterministic: the output is a function of the input, on every machine and at any time.
/// </summary>
public sealed partial class ConsensusPurityTests
{
    private static readonly string[] AllowedNamespaces =
    [
        "System", "System.Buffers", "System.Buffers.Binary", "System.Buffers.Text", "System.Collections.Generic", "System.Diagnostics", "System.Diagnostics.CodeAnalysis",
        "System.IO.Hashing", "System.Numerics", "System.Runtime.CompilerServices", "System.Runtime.ExceptionServices", "System.Runtime.InteropServices", "System.Text",
        "RaftKv.Embedded.Consensus", "RaftKv.Embedded.StateMachine", "RaftKv.Embedded.Log", "RaftKv.Embedded.Records",
        "RaftKv.Embedded.Primitives",
    ];

    [Theory]
    [InlineData("Consensus")]
    [InlineData("StateMachine")]
    [InlineData("Log")]
    [InlineData("Records")]
    public void It_uses_no_clock_disk_network_task_or_log(string part)
    {
        foreach (var file in Directory.GetFiles(Repository.PathOf("src", "RaftKv.Embedded", part), "*.cs", SearchOption.AllDirectories))
        {
            var source = File.ReadAllText(file);
            foreach (Match use in Using().Matches(source))
                Assert.True(AllowedNamespaces.Contains(use.Groups[1].Value), $"{Path.GetFileName(file)} uses {use.Groups[1].Value}.");
            var forbidden = Forbidden().Match(source);
            Assert.False(forbidden.Success && part == "Consensus", $"{Path.GetFileName(file)} uses {forbidden.Value}.");
            Assert.False(Effectful().IsMatch(source), $"{Path.GetFileName(file)} uses {Effectful().Match(source).Value}.");
        }
    }

    [GeneratedRegex(@"^using (?:static )?([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Using();

    // Implicit usings bring these types into scope without a using line.
    [GeneratedRegex(@"\b(Task|ValueTask|Thread|ThreadPool|Interlocked|Volatile|Monitor|Timer|TimeProvider|Stopwatch|File|FileStream|Directory|HttpClient|Parallel|ILogger|Guid\.NewGuid|Environment)\b(?=[.<(])")]
    private static partial Regex Effectful();

    [GeneratedRegex(@"\block ?\(|\basync \b|\bawait \b|GetHashCode\(")]
    private static partial Regex Forbidden();
}
