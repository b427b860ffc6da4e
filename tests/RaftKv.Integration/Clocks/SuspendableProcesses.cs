using RaftKv.Integration.Support;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Integration.Clocks;

/// <summary>
/// Nodes that see the clocks of a suspended machine while their process is stopped: <c>CLOCK_MONOTONIC</c> does not count that
/// time, <c>CLOCK_BOOTTIME</c> does.
/// </summary>
internal sealed class SuspendableProcesses : IDisposable
{
    private static readonly Lazy<(string Library, string Error)> Built = new(Build);

    private readonly string _directory = TestDirectory.Create();

    /// <summary>Skips the test where the library that shows the clocks cannot be compiled.</summary>
    public SuspendableProcesses()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "CLOCK_BOOTTIME is a clock of Linux.");
        Assert.SkipUnless(Built.Value.Error.Length == 0, $"The library cannot be compiled here (gcc is needed): {Built.Value.Error}");
    }

    public IReadOnlyDictionary<string, string> EnvironmentOf(string nodeId)
    {
        Suspend(nodeId, TimeSpan.Zero);
        return new Dictionary<string, string> { ["LD_PRELOAD"] = Built.Value.Library, ["SUSPENDED_NANOSECONDS"] = FileOf(nodeId) };
    }

    /// <summary>From now on the monotonic clock of the node's process lags by this time. Call it while the process is stopped.</summary>
    public void Suspend(string nodeId, TimeSpan time)
    {
        // In place: the process has mapped this file.
        using var file = new FileStream(FileOf(nodeId), FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
        file.Write(BitConverter.GetBytes((long)time.TotalNanoseconds));
    }

    public void Dispose() => TestDirectory.Delete(_directory);

    private string FileOf(string nodeId) => Path.Combine(_directory, nodeId);

    private static (string Library, string Error) Build()
    {
        var library = Path.Combine(AppContext.BaseDirectory, "Clocks", "suspension.so");
        return (library, Tool.Try("gcc", "-O2", "-shared", "-fPIC", "-o", library, Path.Combine(AppContext.BaseDirectory, "Clocks", "suspension.c")));
    }
}
