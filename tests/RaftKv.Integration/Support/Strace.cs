using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Integration.Support;

/// <summary>
/// strace, attached to a running node: it counts the system calls of the process, or makes them fail or take longer. Without strace, or the
/// right to attach it, the test is skipped.
/// </summary>
public sealed partial class Strace : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Process process;
    private readonly string path;

    private Strace(Process process, string path) => (this.process, this.path) = (process, path);

    /// <summary>Skips the test where there is no strace.</summary>
    public static void Require()
    {
        var found = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(d => File.Exists(Path.Combine(d, "strace")));
        Assert.SkipUnless(OperatingSystem.IsLinux() && found, "There is no strace on the PATH. Install it (apt-get install strace) to run this test.");
    }

    /// <summary>From now on the node's calls on files of its log are counted.</summary>
    public static Task<Strace> CountAsync(ClusterNode node, params string[] calls) => AttachAsync(node, "-y", "-e", $"trace={string.Join(',', calls)}");

    /// <summary>From now on every such call of the node fails; if <paramref name="once"/>, the first of each thread only.</summary>
    public static Task<Strace> FailAsync(ClusterNode node, string call, string error, bool once)
        => AttachAsync(node, "-e", $"trace={call}", "-e", $"inject={call}:error={error}:when={(once ? "1" : "1+")}");

    /// <summary>From now on every such call of the node takes longer by <paramref name="delay"/>.</summary>
    public static Task<Strace> SlowAsync(ClusterNode node, string call, TimeSpan delay)
        => AttachAsync(node, "-e", $"trace={call}", "-e", string.Create(CultureInfo.InvariantCulture, $"inject={call}:delay_exit={delay.TotalMicroseconds:0}"));

    /// <summary>Detaches, and returns how often each call was made on files of the log.</summary>
    public async Task<IReadOnlyDictionary<string, int>> StopAsync()
    {
        await DetachAsync();
        var counts = new Dictionary<string, int>();
        foreach (var line in File.ReadLines(path))
        {
            // A call that another thread's line interrupts has a second line, which begins with "<... call resumed>".
            if (line.Contains("/wal/", StringComparison.Ordinal) && CallStart().Match(line) is { Success: true } match)
                counts[match.Groups[1].Value] = counts.GetValueOrDefault(match.Groups[1].Value) + 1;
        }

        return counts;
    }

    public async ValueTask DisposeAsync()
    {
        await DetachAsync();
        process.Dispose();
    }

    private static async Task<Strace> AttachAsync(ClusterNode node, params string[] arguments)
    {
        var path = Path.Combine(Path.GetDirectoryName(node.Options.DataDirectory)!, $"{node.NodeId}.strace");
        var start = new ProcessStartInfo("strace") { RedirectStandardError = true };
        foreach (var word in (string[])["-f", "-p", node.ProcessId.ToString(CultureInfo.InvariantCulture), "-o", path, .. arguments])
            start.ArgumentList.Add(word);
        var process = Process.Start(start)!;
        // The first line says that it is attached, to all threads; or why not.
        var line = await process.StandardError.ReadLineAsync().WaitAsync(Patience);
        if (line?.Contains("attached", StringComparison.Ordinal) == true)
            return new Strace(process, path);
        await process.WaitForExitAsync().WaitAsync(Patience);
        process.Dispose();
        Assert.Skip($"strace may not attach to a process here: {line}");
        return null;
    }

    private async Task DetachAsync()
    {
        if (process.HasExited)
            return;
        // SIGINT makes strace detach from the node; a killed strace might leave a thread of the node stopped.
        using var kill = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync().WaitAsync(Patience);
        await process.WaitForExitAsync().WaitAsync(Patience);
    }

    [GeneratedRegex(@"^\d+\s+([a-z0-9_]+)\(")]
    private static partial Regex CallStart();
}
