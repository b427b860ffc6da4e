namespace RaftKv.Embedded;

/// <summary>
/// This node does not hold the requested version any more: its history does not reach back to it, or the state of that version was
/// overwritten since. No change was skipped: read the current state, and continue from there.
/// </summary>
public sealed class RaftKvCompactedException : RaftKvException
{
    /// <param name="requested">The version that was needed.</param>
    /// <param name="oldestVersion">The oldest version that is held.</param>
    /// <param name="message">What happened, and what to do; <c>null</c> for the message of a watch.</param>
    public RaftKvCompactedException(KvVersion requested, KvVersion oldestVersion, string? message = null)
        : base(message ?? OfWatch(requested, oldestVersion)) => (Requested, OldestVersion) = (requested, oldestVersion);

    /// <summary>The version that was needed: for a watch, the version of the next change.</summary>
    public KvVersion Requested { get; }

    /// <summary>The oldest version that a watch on this node can begin at, or that a scan can read. It rises over time.</summary>
    public KvVersion OldestVersion { get; }

    internal static RaftKvCompactedException OfWatch(long next, long oldest) => new(new KvVersion(next), new KvVersion(oldest));

    internal static RaftKvCompactedException OfScan(long version, long oldest) => new(new KvVersion(version), new KvVersion(oldest),
        $"The state as of version {version} is not held any more: too much was overwritten since, or no scan was reading it. "
        + "Scan again; ScanRetentionBytes says how much is kept for a scan under way.");

    private static string OfWatch(KvVersion next, KvVersion oldest) =>
        $"The watch needs version {next} next, and the history of this node begins at {oldest}. No change was skipped silently: "
        + "read the current state (a watch with InitialState does), and go on from there. WatchHistoryBytes says how much is kept.";
}
