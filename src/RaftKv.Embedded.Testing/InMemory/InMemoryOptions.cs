namespace RaftKv.Embedded.Testing;

/// <summary>The options of the store in memory. Its log is kept short: it takes memory, and no follower needs it.</summary>
internal static class InMemoryOptions
{
    private const long MostLogBytes = 1024 * 1024;

    public static void Apply(RaftKvOptions options)
    {
        options.SnapshotThresholdBytes = Math.Min(options.SnapshotThresholdBytes, MostLogBytes);
        options.LogRetentionBytes = 0;
        // Required, and not used.
        if (string.IsNullOrEmpty(options.DataDirectory))
            options.DataDirectory = "in-memory";
    }
}
