using RaftKv.Integration.Support;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Integration.Clocks;

/// <summary>
/// The clocks that each node sees, to be changed while it runs: the wall clock is put forward and back, and the time for which a process is
/// stopped looks like the suspension of its machine. A library in front of <c>clock_gettime</c> shows them; where it cannot be compiled,
/// the clocks are the machine's.
/// </summary>
public sealed class NodeClocks : IDisposable
{
    private const int SuspendedAt = 0;
    private const int AheadAt = sizeof(long);

    private static readonly Lazy<(string Library, string? Missing)> Built = new(Build);

    private readonly string _directory = TestDirectory.Create();

    /// <summary>Why the clocks cannot be changed; <c>null</c> if they can.</summary>
    public static string? Missing => Built.Value.Missing;

    /// <summary>For a test that needs other clocks than the machine's: it is skipped where they cannot be changed.</summary>
    public static NodeClocks Open()
    {
        Assert.SkipUnless(Missing is null, Missing ?? "");
        return new NodeClocks();
    }

    public IReadOnlyDictionary<string, string> EnvironmentOf(string nodeId)
    {
        if (Missing is not null)
            return new Dictionary<string, string>();
        Write(nodeId, SuspendedAt, TimeSpan.Zero);
        Write(nodeId, AheadAt, TimeSpan.Zero);
        return new Dictionary<string, string> { ["LD_PRELOAD"] = Built.Value.Library, ["CLOCKS"] = FileOf(nodeId) };
    }

    /// <summary>From now on the node's wall clock is ahead by this time, which may be negative.</summary>
    public void Put(string nodeId, TimeSpan ahead)
    {
        if (Missing is null)
            Write(nodeId, AheadAt, ahead);
    }

    /// <summary>
    /// From now on <c>CLOCK_MONOTONIC</c> of the node lags by this time, and <c>CLOCK_BOOTTIME</c> does not. Call it while the process is
    /// stopped.
    /// </summary>
    public void Suspend(string nodeId, TimeSpan time) => Write(nodeId, SuspendedAt, time);

    public void Dispose() => TestDirectory.Delete(_directory);

    private void Write(string nodeId, int at, TimeSpan time)
    {
        // In place: the process has mapped this file.
        using var file = new FileStream(FileOf(nodeId), FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
        file.Position = at;
        file.Write(BitConverter.GetBytes((long)time.TotalNanoseconds));
    }

    private string FileOf(string nodeId) => Path.Combine(_directory, nodeId);

    private static (string Library, string? Missing) Build()
    {
        if (!OperatingSystem.IsLinux())
            return ("", "the clocks of a process can be changed on Linux only");
        var sources = Path.Combine(AppContext.BaseDirectory, "Clocks");
        var library = Path.Combine(sources, "clocks.so");
        var error = Tool.Try("gcc", "-O2", "-shared", "-fPIC", "-o", library, Path.Combine(sources, "clocks.c"));
        return (library, error.Length == 0 ? null : $"the library that shows the clocks cannot be compiled (gcc is needed): {error}");
    }
}
