namespace RaftKv.Embedded.Storage;

/// <summary>
/// File sizes that depend on the size of the volume of the data directory. On a small volume, files that are preallocated or deleted as a
/// whole are smaller.
/// </summary>
internal static class VolumeSizes
{
    private const long Mebibyte = 1024 * 1024;

    /// <summary>At least this many files of the log, or of the store's cold records, fit into a volume of 32 MiB or more.</summary>
    private const int FilesPerVolume = 32;

    private const long SmallestVolumeBytes = 16 * Mebibyte;

    /// <summary>
    /// The size of a segment of the log: as configured, or 1/32 of the volume in whole MiB if that is less, but at least 1 MiB.
    /// </summary>
    public static int LogSegmentBytes(long volumeBytes, int configured) =>
        (int)Math.Clamp(volumeBytes / FilesPerVolume / Mebibyte * Mebibyte, Math.Min(configured, Mebibyte), configured);

    /// <summary>The largest size of a file of cold records: 1/32 of the volume, but at least 1 MiB.</summary>
    public static long StoreSegmentBytes(long volumeBytes) => Math.Max(Mebibyte, volumeBytes / FilesPerVolume);

    /// <summary>
    /// The smallest volume that a node starts on, in bytes: 16 MiB, or four times the largest write that its options allow if that is more.
    /// </summary>
    public static long SmallestFor(RaftKvOptions options) =>
        Math.Max(SmallestVolumeBytes, 4L * Math.Max(options.MaxValueBytes, options.MaxTransactionBytes));

    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.DiskFull"/>: the volume is too small.</exception>
    public static void Check(long volumeBytes, RaftKvOptions options)
    {
        if (volumeBytes >= SmallestFor(options))
            return;
        throw new RaftKvStorageException(RaftKvStorageError.DiskFull,
            $"The volume of the data directory {options.DataDirectory} has {volumeBytes} bytes; the node needs one of "
                + $"{SmallestFor(options)} at least (the largest of 16 MiB, four times MaxValueBytes and four times "
                + "MaxTransactionBytes). Nothing was changed. Give it a larger volume, or lower these options.");
    }
}
