using System.Globalization;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// Distinguishes the entries of a data directory that this library creates from all others (foreign entries). Foreign entries are never
/// deleted. A directory with foreign entries and without an identity is refused: the application probably named the wrong directory.
/// </summary>
internal static class ForeignEntries
{
    /// <summary>Prefix of the scratch file of a restore. A random number follows, so that no file of the user has the same name.</summary>
    private const string SpoolPrefix = "restore-";
    private const string SpoolSuffix = ".part";

    /// <summary>The most names that an error message shows.</summary>
    private const int MaxNamed = 5;

    private static readonly HashSet<string> OwnRootNames =
    [
        "lock", NodeIdentity.FileName, NodeIdentity.FileName + ".tmp", DirectoryMarkers.Restoring, DirectoryMarkers.Joining,
        DirectoryMarkers.Retired, DirectoryMarkers.Diverged,
        StartHistory.FileName, StartHistory.FileName + ".tmp", PeerRecordFile.FileName, PeerRecordFile.FileName + ".tmp",
        AppliedMark.FileName,
        DataDirectory.WalName, DataDirectory.SnapshotsName, DataDirectory.StoreName,
    ];

    /// <summary>Directories that file systems create in the root directory of a volume.</summary>
    private static readonly HashSet<string> VolumeNames = ["lost+found", "System Volume Information", "$RECYCLE.BIN"];

    /// <summary>Refuses a directory that has foreign entries and no identity. Changes nothing.</summary>
    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.ForeignDirectory"/></exception>
    public static void ThrowIfUnowned(IFileSystem fs, string root)
    {
        var foreign = In(fs, root).ToList();
        // The identity is checked last: another process may have created it while this one listed the entries.
        if (foreign.Count == 0 || fs.FileExists(Path.Combine(root, NodeIdentity.FileName)))
            return;
        var named = string.Join(", ", foreign.Take(MaxNamed).Select(name => $"'{name}'"));
        var more = foreign.Count > MaxNamed ? $" and {foreign.Count - MaxNamed} more" : "";
        throw new RaftKvStorageException(RaftKvStorageError.ForeignDirectory,
            $"The data directory {root} belongs to no node and has entries that a new node does not have: {named}{more}. "
            + "Nothing was changed. Name a directory that is used for nothing else, or move these entries away.");
    }

    /// <summary>A name for the scratch file of a restore, in the store's directory.</summary>
    public static string NewSpoolName() => $"{SpoolPrefix}{Guid.NewGuid():N}{SpoolSuffix}";

    public static bool IsSpool(string name) =>
        name.StartsWith(SpoolPrefix, StringComparison.Ordinal) && name.EndsWith(SpoolSuffix, StringComparison.Ordinal)
        && Guid.TryParseExact(name.AsSpan(SpoolPrefix.Length..^SpoolSuffix.Length), "N", out _);

    /// <summary>Whether a directory below the store's may be one of its scratch directories.</summary>
    public static bool IsScratchDirectory(string name) => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    public static bool IsScratchFile(string name) =>
        name.StartsWith(FasterKvStore.ScratchName + ".", StringComparison.Ordinal)
        && int.TryParse(name.AsSpan(FasterKvStore.ScratchName.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static IEnumerable<string> In(IFileSystem fs, string root)
    {
        var isRestoring = fs.FileExists(Path.Combine(root, DirectoryMarkers.Restoring));
        var hasLog = fs.ListFiles(Path.Combine(root, DataDirectory.WalName)).Any(Wal.IsOwnName);
        foreach (var name in Entries(fs, root).Where(name => !OwnRootNames.Contains(name)))
            yield return name;
        foreach (var name in Entries(fs, Path.Combine(root, DataDirectory.WalName)).Where(name => !Wal.IsOwnName(name)))
            yield return $"{DataDirectory.WalName}/{name}";
        // A snapshot next to a log is not foreign: the identity was lost, which the node reports as damage. A snapshot without a log may be
        // a backup that the user keeps there.
        foreach (var name in Entries(fs, Path.Combine(root, DataDirectory.SnapshotsName)).Where(
            name => !((isRestoring || hasLog) && SnapshotNames.IsOwn(name))))
            yield return $"{DataDirectory.SnapshotsName}/{name}";
        var store = Path.Combine(root, DataDirectory.StoreName);
        foreach (var name in Entries(fs, store).Where(name => !IsSpool(name) && !IsScratch(fs, Path.Combine(store, name), name)))
            yield return $"{DataDirectory.StoreName}/{name}";
    }

    private static bool IsScratch(IFileSystem fs, string path, string name) =>
        IsScratchDirectory(name) && fs.ListDirectories(path).Count == 0 && fs.ListFiles(path).All(IsScratchFile);

    private static IEnumerable<string> Entries(IFileSystem fs, string directory) =>
        fs.ListFiles(directory).Concat(fs.ListDirectories(directory)).Where(name => !VolumeNames.Contains(name));
}
