using FASTER.core;

namespace RaftKv.Embedded.Storage;

/// <summary>Gives back what overwritten and deleted records take. Writer only.</summary>
internal sealed unsafe class FasterCompactor(
    FasterKvStore store, FasterKV<SpanByte, SpanByte> kv, FasterScratchDevice device, ScratchRoom room, FasterKvStoreSettings settings)
{
    private const long MinStepBytes = 64 * 1024;
    private const long MaxStepBytes = 4 * 1024 * 1024;

    // Eight bytes looked at for each byte written finish a pass while the log grows by an eighth.
    private const int StepsPerGrowth = 8;

    private readonly int _pageBits = System.Numerics.BitOperations.Log2((ulong)settings.PageBytes);
    private IFasterScanIterator<SpanByte, SpanByte>? _maintenance;
    private long _maintainFrom = settings.MemoryBytes;
    private long _reclaimFrom;
    private long _maintainedTail;

    /// <summary>The records and deletions in the log, about: those that were put in place of others are not counted.</summary>
    private long _records;

    /// <summary>The records that a pass has looked at and that are in the log still.</summary>
    private long _passed;

    /// <summary>Whether a look at each record of the log is likely to find dead ones.</summary>
    public bool MayHaveDead => store.DataBytes > _maintainFrom / 8 * 5 || HasDead;

    /// <summary>
    /// Whether more than half of the records are known to be dead: deleted keys take their room until a pass gives it back.
    /// </summary>
    private bool IsMostlyDead => store.Count < _records / 2 && store.DataBytes > room.Reserve;

    /// <summary>Whether so many records are dead that finding them is worth a look at each.</summary>
    private bool HasDead => store.Count < _records - _records / 8;

    /// <summary>What a pass can look at: the records that are not changed in place any more.</summary>
    private long ReadOnlyBytes => kv.Log.SafeReadOnlyAddress - kv.Log.BeginAddress;

    /// <summary>
    /// FASTER's own compaction stops the applier for the whole log. This one does a share of it per call, which a single writer can: a
    /// record at the log's begin is alive when it is the one a lookup finds, and is then put again, at the tail.
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

    /// <summary>A record, or a deletion, was appended.</summary>
    public void NoteAppended() => _records++;

    public void ReclaimSpace()
    {
        if (store.IsPinned || _maintenance is not null)
            return;
        if (IsMostlyDead)
            FlushDead();
        // Once for each eighth that the log grows: a pass moves all that is alive.
        else if (HasDead && store.DataBytes > _reclaimFrom && ReadOnlyBytes > room.Reserve
            && room.AvailableBytes > settings.SegmentBytes + room.Reserve)
            BeginMaintenance();
    }

    /// <summary>
    /// Dead records in memory take no room on the disk, but a snapshot would have to write them there. They are written as far as there is
    /// room, page by page, so that a pass can drop them.
    /// </summary>
    private void FlushDead()
    {
        var from = kv.Log.SafeReadOnlyAddress;
        var free = room.AvailableBytes - room.Reserve;
        var until = from + free >= kv.Log.TailAddress ? kv.Log.TailAddress : (from + free) & -(long)settings.PageBytes;
        if (until > from)
            kv.Log.ShiftReadOnlyAddress(until, wait: false);
    }

    /// <summary>As after a pass of maintenance, which would move all of it: what is dead in a snapshot is known from its count.</summary>
    public void Loaded(long records)
    {
        _maintainFrom = Math.Max(settings.MemoryBytes, records == 0 ? 0 : (long)(2.0 * store.DataBytes * store.Count / records));
    }

    /// <summary>A pass moves what is alive behind the records that it can look at: it is worth its work when those are many.</summary>
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
                // Twice what is alive: the work stays in proportion to what is written.
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
        // All of it: a use carries a sliding expiry further under the same version.
        if (store.TryGetHeader(key, out var current) && current == header)
            store.Append(key, header, value);
        // What a faulted device gave is not the truth.
        device.ThrowIfFaulted();
    }

    /// <summary>Nothing may be begun while a checkpoint is alive: the checkpoint needs the log from its begin.</summary>
    public void End()
    {
        _maintenance?.Dispose();
        (_maintenance, _passed) = (null, 0);
    }
}
