namespace RaftKv.Embedded.Node;

/// <summary>
/// What this node keeps free on its disk, worked out from what it would have to write next: the records that a snapshot moves out of
/// memory, the snapshot, the next segments of the log, and something for what is accepted
/// between two measurements. With less, it takes no more data, and can still take deletions, a snapshot, and cut its log.
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

    /// <summary>Below it no data is taken.</summary>
    public long Reserve => _reserve;

    /// <summary>Whether there is little room: snapshots are taken early, and nothing is kept that can be done without.</summary>
    public bool IsLow { get; private set; }

    /// <summary>Whether there is less than the reserve. It ends with an eighth of the margin more than that.</summary>
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

    /// <param name="freeBytes">What is free now.</param>
    /// <param name="flushBytes">The records in memory that a snapshot would move to the disk.</param>
    /// <param name="snapshotBytes">What the next snapshot has at most.</param>
    /// <param name="appendedBytes">What was ever appended to the log by now.</param>
    public void Measured(long freeBytes, long flushBytes, long snapshotBytes, long appendedBytes)
    {
        Volatile.Write(ref _freeBytes, freeBytes);
        _appendedThen = appendedBytes;
        // A node that cannot take its next snapshot cannot cut its log either, and has no way to help itself.
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
    /// Whether entries fit that are sent by the leader: they may be taken below the reserve, for deletions are among them, but not where
    /// the next snapshot has no room any more.
    /// </summary>
    public bool HasRoomForEntries(long appendedBytes) => FreeBytes - (appendedBytes - _appendedThen) * Growth >= _floor;
}
