namespace RaftKv.Embedded.Storage;

/// <summary>
/// Sizes that depend on the volume of the data directory: on a small volume, files that are made ahead or given back as a whole are
/// smaller.
/// </summary>
internal static class VolumeSizes
{
    private const long Mebibyte = 1024 * 1024;

    /// <summary>So many files of the log, or of the store's cold records, fit into a volume at least.</summary>
    private const int FilesPerVolume = 32;

    private const long SmallestVolumeBytes = 16 * Mebibyte;

    /// <summary>A segment of the log: as configured, or a 32nd of the volume if that is less, and 1 MiB at least.</summary>
    public static int LogSegmentBytes(long volumeBytes, int configured) =>
        (int)Math.Clamp(volumeBytes / FilesPerVolume / Mebibyte * Mebibyte, Math.Min(configured, Mebibyte), configured);

    /// <summary>A file of cold records.</summary>
    public static long StoreSegmentBytes(long volumeBytes) => Math.Max(Mebibyte, volumeBytes / FilesPerVolume);

    /// <summary>The smallest volume that a node starts on: 16 MiB, and four of the largest writes that its options allow.</summary>
    public static long SmallestFor(RaftKvOptions options) =>
        Math.Max(SmallestVolumeBytes, 4L * Math.Max(options.MaxValueBytes, options.MaxTransactionBytes));

    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.DiskFull"/>: the volume is too small.</exception>
    public static void Check(long volumeBytes, RaftKvOptions options)
    {
        if (volumeBytes >= SmallestFor(options))
            return;
        throw new RaftKvStorageException(RaftKvStorageError.DiskFull,
            $"The volume of the data directory {options.DataDirectory} has {volumeBytes} bytes; the node needs one of "
                + $"{SmallestFor(options)} at least (16 MiB, and four times MaxValueBytes and MaxTransactionBytes). Nothing was "
                + "changed. Give it a larger volume, or lower these options.");
    }
}
