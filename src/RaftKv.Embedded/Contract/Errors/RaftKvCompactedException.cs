namespace RaftKv.Embedded;

/// <summary>
/// What was asked for is not held any more: changes that the history of this node has left behind, or a state that was overwritten since. Nothing was
/// skipped: read the current state, and go on from there.
/// </summary>
public sealed class RaftKvCompactedException : RaftKvException
{
    private RaftKvCompactedException(long requested, long oldest, string message) : base(message)
        => (Requested, OldestVersion) = (new KvVersion(requested), new KvVersion(oldest));

    /// <summary>The version that was needed: for a watch, where it would have gone on.</summary>
    public KvVersion Requested { get; }

    /// <summary>The oldest version that a watch on this node can begin at, or a scan be pinned to; it moves on.</summary>
    public KvVersion OldestVersion { get; }

    internal static RaftKvCompactedException OfWatch(long next, long oldest) => new(next, oldest,
        $"The watch needs version {next} next, and the history of this node begins at {oldest}. No change was skipped silently: "
        + "read the current state (a watch with InitialState does), and go on from there. WatchHistoryBytes says how much is kept.");

    internal static RaftKvCompactedException OfScan(long version, long oldest) => new(version, oldest,
        $"The state as of version {version} is not held any more: too much was overwritten since, or no scan was reading it. "
        + "Scan again; ScanRetentionBytes says how much is kept for a scan under way.");
}
