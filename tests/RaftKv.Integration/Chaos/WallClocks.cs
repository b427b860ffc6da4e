using System.Globalization;
using RaftKv.TestNode.Driver;

namespace RaftKv.Integration.Chaos;

/// <summary>The wall clock of each node, to be put forward and back while it runs. Needs libfaketime; without it the clocks are the machine's.</summary>
public sealed class WallClocks : IDisposable
{
    private static readonly string? Library = new[] { "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib" }
        .Select(d => Path.Combine(d, "faketime", "libfaketimeMT.so.1")).FirstOrDefault(File.Exists);

    private readonly string directory = TestDirectory.Create();

    /// <summary>Why the clocks cannot be put; null if they can.</summary>
    public static string? Missing => Library is null ? "there is no libfaketime: apt-get install faketime" : null;

    public IReadOnlyDictionary<string, string> EnvironmentOf(string nodeId)
    {
        if (Library is null)
            return new Dictionary<string, string>();
        Put(nodeId, TimeSpan.Zero);
        return new Dictionary<string, string>
        {
            ["LD_PRELOAD"] = Library,
            ["FAKETIME_TIMESTAMP_FILE"] = FileOf(nodeId),
            ["FAKETIME_CACHE_DURATION"] = "1",
            ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
        };
    }

    /// <summary>From now on the node's clock is off by so much.</summary>
    public void Put(string nodeId, TimeSpan off)
    {
        // Never half a file.
        File.WriteAllText(FileOf(nodeId) + ".new", off.TotalSeconds.ToString("+0;-0;+0", CultureInfo.InvariantCulture));
        File.Move(FileOf(nodeId) + ".new", FileOf(nodeId), overwrite: true);
    }

    public void Dispose() => TestDirectory.Delete(directory);

    private string FileOf(string nodeId) => Path.Combine(directory, nodeId);
}
