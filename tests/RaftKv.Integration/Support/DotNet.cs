using System.Diagnostics;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Integration.Support;

/// <summary>The SDK's commands, as a developer runs them, and where the repository is.</summary>
internal static class DotNet
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(20);

    public static string RepositoryRoot { get; } = FindRepository();

    /// <summary>Runs a command to its end and returns its output. If the command fails, the test fails with that output.</summary>
    public static async Task<string> RunAsync(string directory, IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(NodeProgram.DotNet, arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // The test host has variables of MSBuild for this solution, which the command must not get.
        start.Environment.Remove("MSBuildSDKsPath");
        start.Environment.Remove("MSBuildExtensionsPath");
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken).WaitAsync(Patience, cancellationToken);
        Assert.True(process.ExitCode == 0, $"dotnet {string.Join(' ', start.ArgumentList)} ended with {process.ExitCode}:{Environment.NewLine}{await output}{await error}");
        return await output;
    }

    private static string FindRepository()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "RaftKv.sln")))
            directory = directory.Parent ?? throw new InvalidOperationException("The tests do not run below the repository.");
        return directory.FullName;
    }
}
