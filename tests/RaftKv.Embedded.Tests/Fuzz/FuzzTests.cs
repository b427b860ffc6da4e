using System.Diagnostics;
using RaftKv.Fuzz;
using Xunit;

namespace RaftKv.Embedded.Tests.Fuzz;

/// <summary>A small share of what <c>tests/RaftKv.Fuzz</c> sends to every entry point for bytes from outside.</summary>
public sealed class FuzzTests
{
    private const int Inputs = 20_000;
    private const int Connections = 4_000;

    /// <summary>
    /// Targets that open a connection to a live node for each input. They measure the threads and the heap of the whole process.
    /// </summary>
    private static readonly string[] ConnectionTargets = ["unknown-peer", "peer-without-secret", "stream"];

    public static TheoryData<string> InputTargets => [.. FuzzRun.Targets.Except(ConnectionTargets)];

    public static TheoryData<string> LiveTargets => [.. ConnectionTargets];

    [Theory]
    [MemberData(nameof(InputTargets))]
    public void Hostile_bytes_are_refused_and_cost_nothing_else(string target)
    {
        var run = FuzzRun.Of(target, seed: 1, Inputs);
        Assert.True(run.Failure is null, run.Failure);
        Assert.Equal(Inputs, run.Inputs);
        Assert.True(run.Accepted > 0, "No input passes the checksums: the mutations prove nothing.");
    }

    /// <summary>
    /// Runs in a process of its own, because the heap of this process has the garbage of tests that run at the same time.
    /// </summary>
    [Theory]
    [MemberData(nameof(LiveTargets))]
    public async Task Hostile_connections_are_refused_and_cost_nothing_else(string target)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "RaftKv.Fuzz.exe" : "RaftKv.Fuzz"))
        {
            ArgumentList = { "--target", target, "--seed", "1", "--count", $"{Connections}" },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, output + await error);
        Assert.Contains($"{target}: {Connections:N0} inputs", output);
        Assert.DoesNotContain(" 0 accepted", output);
    }
}
