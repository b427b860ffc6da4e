namespace RaftKv.Fuzz.Targets;

/// <summary>Limits of threads and memory for the process that is attacked.</summary>
internal static class LiveProcess
{
    /// <summary>The name of the node that is attacked. The threads of the node have it in their names.</summary>
    public const string NodeId = "fuzzed";

    private const string ThreadPrefix = $"raftkv-{NodeId}";
    private const int MaxThreads = 100;
    private const long MaxHeapBytes = 1024L * 1024 * 1024;

    public static void MustBeBounded()
    {
        if (OperatingSystem.IsLinux() && Threads() is var threads and > MaxThreads)
            throw new FindingException($"the node has {threads} threads");
        if (GC.GetTotalMemory(forceFullCollection: false) is var bytes and > MaxHeapBytes)
            throw new FindingException($"the heap has {bytes:N0} bytes");
    }

    private static int Threads()
    {
        var count = 0;
        foreach (var task in Directory.EnumerateDirectories("/proc/self/task"))
        {
            try
            {
                count += File.ReadAllText(Path.Combine(task, "comm")).StartsWith(ThreadPrefix, StringComparison.Ordinal) ? 1 : 0;
            }
            catch (IOException)
            {
                // The thread has ended meanwhile.
            }
        }
        return count;
    }
}
