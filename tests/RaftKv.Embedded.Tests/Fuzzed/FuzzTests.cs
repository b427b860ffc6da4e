using RaftKv.Fuzz;
using Xunit;

namespace RaftKv.Embedded.Tests.Fuzzed;

/// <summary>A small share of what <c>tests/RaftKv.Fuzz</c> throws at everything that takes bytes from outside.</summary>
public sealed class FuzzTests
{
    private const long Inputs = 20_000;

    /// <summary>Of targets that open a connection for each input.</summary>
    private const long Connections = 4_000;

    public static TheoryData<string> Targets => [.. FuzzRun.Targets];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Hostile_bytes_are_refused_and_cost_nothing_else(string target)
    {
        var inputs = target is "stranger" or "stranger-without-secret" or "stream" ? Connections : Inputs;
        var run = FuzzRun.Of(target, seed: 1, inputs);
        Assert.True(run.Failure is null, run.Failure);
        Assert.Equal(inputs, run.Inputs);
        Assert.True(run.Accepted > 0, "Nothing gets past the checksums: the mutations prove nothing.");
    }
}
