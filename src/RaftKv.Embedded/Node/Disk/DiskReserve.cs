namespace RaftKv.Embedded.Node;

/// <summary>
/// What this node keeps free on its disk, computed from what it would have to write next: the records that a snapshot moves out of memory,
/// the snapshot, the next segments of the log, and a margin for what is accepted between two measurements. With less, it takes no more
/// data, and can still take deletions, take a snapshot and truncate its log.
/// </summary>
internal sealed class DiskReserve(RaftKvOptions options, long volumeBytes, long segmentBytes)
{
    /// <summary>A byte that is appended takes room in the log, among the cold records, and in the next snapshot.</summary>
    public const int Growth = 3;

    private const int SegmentsAhead = 2;

    private long _freeBytes = long.MaxValue;
    private long _reserve;
    private long _floor;
    private long _appendedThen;

    /// <summary>Free bytes at the last measurement; <see cref="long.MaxValue"/> before the first.</summary>
    public long FreeBytes => Volatile.Read(ref _freeBytes);

    /// <summary>With fewer free bytes than this the node takes no data.</summary>
    public long Reserve => _reserve;

    /// <summary>Whether there is little room: snapshots are taken early, and nothing is kept that can be done without.</summary>
    public bool IsLow { get; private set; }

    /// <summary>Whether there is less than the reserve. Ends when an eighth of the margin more than the reserve is free.</summary>
    public bool IsFull { get; private set; }

    /// <summary>The room above the reserve at the last measurement; negative while <see cref="IsFull"/>.</summary>
    public long Room => FreeBytes == long.MaxValue ? long.MaxValue : IsFull ? Math.Min(-1, FreeBytes - _reserve) : FreeBytes - _reserve;

    /// <summary>
    /// How large a snapshot may be that is received now: it takes its own size, and that of the records it is loaded into, while the old
    /// ones are still there.
    /// </summary>
    public long SnapshotRoom => FreeBytes == long.MaxValue ? long.MaxValue : Math.Max(0, (FreeBytes - segmentBytes - Margin / 4) / 2);

    /// <summary>Kept beyond what is needed, for what is accepted between two measurements.</summary>
    private long Margin => Math.Min(options.DiskReserveBytes, volumeBytes / 16);

    /// <param name="freeBytes">The free bytes now.</param>
    /// <param name="flushBytes">The records in memory that a snapshot would move to the disk.</param>
    /// <param name="snapshotBytes">The size of the next snapshot at most.</param>
    /// <param name="appendedBytes">All bytes that were ever appended to the log by now.</param>
    public void Measured(long freeBytes, long flushBytes, long snapshotBytes, long appendedBytes)
    {
        Volatile.Write(ref _freeBytes, freeBytes);
        _appendedThen = appendedBytes;
        // A node that cannot take its next snapshot cannot truncate its log either, and cannot free room by itself.
        var snapshot = options.DiskReserveBytes == 0 ? 0 : snapshotBytes;
        _floor = flushBytes + snapshot + segmentBytes + Margin / 4;
        _reserve = options.DiskReserveBytes == 0 ? 0 : flushBytes + snapshot + SegmentsAhead * segmentBytes + Margin;
        IsFull = freeBytes < _reserve + (IsFull ? Margin / 8 : 0);
        var warning = options.DiskWarningBytes == 0 ? 0 : _reserve + Math.Min(options.DiskWarningBytes, volumeBytes / 8);
        IsLow = IsFull || freeBytes < warning + (IsLow ? Margin / 8 : 0);
    }

    /// <summary>Whether so much was appended since the last measurement that the next one is due.</summary>
    public bool IsOutdated(long appendedBytes) => (appendedBytes - _appendedThen) * Growth > Math.Max(1024 * 1024, Math.Max(Room, 0) / 4);

    /// <summary>
    /// Whether entries that the leader sends fit: they may be taken below the reserve, because deletions are among them, but not where the
    /// next snapshot would no longer have room.
    /// </summary>
    public bool HasRoomForEntries(long appendedBytes) => FreeBytes - (appendedBytes - _appendedThen) * Growth >= _floor;
}
