using FASTER.core;

namespace RaftKv.Embedded.Storage;

/// <summary>Reclaims the room of overwritten and deleted records (dead records). Writer only.</summary>
internal sealed unsafe class FasterCompactor(
    FasterKvStore store, FasterKV<SpanByte, SpanByte> kv, FasterScratchDevice device, ScratchRoom room, FasterKvStoreSettings settings)
{
    private const long MinStepBytes = 64 * 1024;
    private const long MaxStepBytes = 4 * 1024 * 1024;

    // A pass reads eight bytes for each byte written, and so ends while the log grows by an eighth.
    private const int StepsPerGrowth = 8;

    private readonly int _pageBits = System.Numerics.BitOperations.Log2((ulong)settings.PageBytes);
    private IFasterScanIterator<SpanByte, SpanByte>? _maintenance;
    private long _maintainFrom = settings.MemoryBytes;
    private long _reclaimFrom;
    private long _maintainedTail;

    /// <summary>
    /// The approximate number of records and deletions in the log: a record that overwrote another one in place is not counted.
    /// </summary>
    private long _records;

    /// <summary>The number of records that the pass has read and that are still in the log.</summary>
    private long _passed;

    /// <summary>Whether a check of each record of the log is likely to find dead ones.</summary>
    public bool MayHaveDead => store.DataBytes > _maintainFrom / 8 * 5 || HasDead;

    /// <summary>
    /// Whether more than half of the records are dead, and the log is larger than the reserve. Records of deleted keys take room until a
    /// pass reclaims it.
    /// </summary>
    private bool IsMostlyDead => store.Count < _records / 2 && store.DataBytes > room.Reserve;

    /// <summary>Whether more than an eighth of the records are dead, so that it is worth checking each of them.</summary>
    private bool HasDead => store.Count < _records - _records / 8;

    /// <summary>The bytes that a pass can read: those of records that are not changed in place any more.</summary>
    private long ReadOnlyBytes => kv.Log.SafeReadOnlyAddress - kv.Log.BeginAddress;

    /// <summary>
    /// Compacts a part of the log at each call. FASTER's own compaction would block the applier until the whole log is compacted.
    /// Compaction in parts is possible because there is a single writer: a record at the begin of the log is alive when a lookup of its key
    /// finds this record, and is then appended again at the tail.
    /// </summary>
    public void MaintainSpace()
    {
        if (store.IsPinned || (_maintenance is null && !IsPassDue))
            return;
        device.ThrowIfFaulted();
        if (_maintenance is null)
            BeginMaintenance();
        var growth = kv.Log.TailAddress - _maintainedTail;
        Maintain(Math.Min(MinStepBytes + growth * StepsPerGrowth, MaxStepBytes));
        _maintainedTail = kv.Log.TailAddress;
    }

    /// <summary>Counts a record or a deletion that was appended.</summary>
    public void NoteAppended() => _records++;

    public void ReclaimSpace()
    {
        if (store.IsPinned || _maintenance is not null)
            return;
        if (IsMostlyDead)
            FlushDead();
        // At most once for each eighth that the log grows: a pass moves all live records.
        else if (HasDead && store.DataBytes > _reclaimFrom && ReadOnlyBytes > room.Reserve
            && room.AvailableBytes > settings.SegmentBytes + room.Reserve)
            BeginMaintenance();
    }

    /// <summary>
    /// Writes records in memory to the disk, page by page and as far as there is room, so that a pass can read them and drop the dead ones.
    /// A checkpoint would have to write all of them.
    /// </summary>
    private void FlushDead()
    {
        var from = kv.Log.SafeReadOnlyAddress;
        var free = room.AvailableBytes - room.Reserve;
        var until = from + free >= kv.Log.TailAddress ? kv.Log.TailAddress : (from + free) & -(long)settings.PageBytes;
        if (until > from)
            kv.Log.ShiftReadOnlyAddress(until, wait: false);
    }

    /// <summary>
    /// Sets the size at which the next pass is due as if a pass had just ended: the number of records of the snapshot shows how many of
    /// them are dead.
    /// </summary>
    public void Loaded(long records)
    {
        _maintainFrom = Math.Max(settings.MemoryBytes, records == 0 ? 0 : (long)(2.0 * store.DataBytes * store.Count / records));
    }

    /// <summary>
    /// Whether a pass is worth its work: the log has grown enough, or most records are dead and the pass can read enough of them.
    /// </summary>
    private bool IsPassDue => store.DataBytes > _maintainFrom || (IsMostlyDead && ReadOnlyBytes > room.Reserve);

    private void BeginMaintenance()
    {
        _maintenance = kv.Log.Scan(kv.Log.BeginAddress, kv.Log.SafeReadOnlyAddress, ScanBufferingMode.SinglePageBuffering);
        _maintainedTail = kv.Log.TailAddress;
    }

    private void Maintain(long bytes)
    {
        var scan = _maintenance!;
        var until = scan.NextAddress + bytes;
        while (scan.NextAddress < until)
        {
            if (!scan.GetNext(out var record))
            {
                End();
                // Twice the bytes that are alive: the work stays proportional to the bytes that are written.
                _maintainFrom = Math.Max(settings.MemoryBytes, 2 * store.DataBytes);
                _reclaimFrom = store.DataBytes + store.DataBytes / 8;
                return;
            }
            _passed++;
            if (!record.Tombstone)
                KeepIfAlive(scan.GetKey().AsReadOnlySpan(), ref scan.GetValue());
            if (scan.NextAddress >> _pageBits == kv.Log.BeginAddress >> _pageBits)
                continue;
            kv.Log.ShiftBeginAddress(scan.NextAddress, truncateLog: true);
            (_records, _passed) = (_records - _passed, 0);
        }
    }

    private void KeepIfAlive(ReadOnlySpan<byte> key, ref SpanByte record)
    {
        var value = FasterRecord.Read(record.ToPointer(), out var header);
        // The whole header is compared: a use of the key extends a sliding expiry without a new version.
        if (store.TryGetHeader(key, out var current) && current == header)
            store.Append(key, header, value);
        // Bytes that a faulted device returned may be wrong.
        device.ThrowIfFaulted();
    }

    /// <summary>Ends the pass. A checkpoint calls it first, because it needs the log from its begin.</summary>
    public void End()
    {
        _maintenance?.Dispose();
        (_maintenance, _passed) = (null, 0);
    }
}
