using FASTER.core;

namespace RaftKv.Embedded.Storage;

/// <summary>Space: guarding the disk, and giving back what overwritten and deleted records take.</summary>
internal sealed unsafe partial class FasterKvStore
{
    /// <summary>So many pages must have room before the next one is begun.</summary>
    private const int PagesAhead = 2;

    private const long MinStepBytes = 64 * 1024;
    private const long MaxStepBytes = 4 * 1024 * 1024;

    // Eight bytes looked at for each byte written finish a pass while the log grows by an eighth.
    private const int StepsPerGrowth = 8;

    private IFasterScanIterator<SpanByte, SpanByte>? _maintenance;
    private long _maintainFrom;
    private long _reclaimFrom;
    private long _maintainedTail;
    private long _guardedPage;

    /// <summary>The records and deletions in the log, about: those that were put in place of others are not counted.</summary>
    private long _records;

    /// <summary>The records that a pass has looked at and that are in the log still.</summary>
    private long _passed;

    /// <summary>What the log takes in memory and on disk, dead records included.</summary>
    public long LogBytes => _kv.Log.TailAddress - _kv.Log.BeginAddress;

    /// <summary>Whether more than half of the records are known to be dead: deleted keys take their room until a pass gives it back.</summary>
    private bool IsMostlyDead => Count < _records / 2 && LogBytes > PagesAhead * PageBytes;

    /// <summary>Whether so many records are dead that finding them is worth a look at each.</summary>
    private bool HasDead => Count < _records - _records / 8;

    /// <summary>What a pass can look at: the records that are not changed in place any more.</summary>
    private long ReadOnlyBytes => _kv.Log.SafeReadOnlyAddress - _kv.Log.BeginAddress;

    private long PageBytes => 1L << _pageBits;

    public long UnflushedBytes => Math.Max(0, _kv.Log.TailAddress - _kv.Log.SafeReadOnlyAddress);

    public long DataBytes => LogBytes;

    /// <summary>
    /// FASTER's own compaction stops the applier for the whole log. This one does a share of it per call, which a single writer can: a record at the
    /// log's begin is alive when it is the one a lookup finds, and is then put again, at the tail.
    /// </summary>
    public void MaintainSpace()
    {
        if (_checkpoint is not null || (_maintenance is null && !IsPassDue))
            return;
        _device.ThrowIfFaulted();
        if (_maintenance is null)
            BeginMaintenance();
        var growth = _kv.Log.TailAddress - _maintainedTail;
        Maintain(Math.Min(MinStepBytes + growth * StepsPerGrowth, MaxStepBytes));
        _maintainedTail = _kv.Log.TailAddress;
    }

    public void ReclaimSpace()
    {
        if (_checkpoint is not null || _maintenance is not null)
            return;
        if (IsMostlyDead)
            FlushDead();
        // Once for each eighth that the log grows: a pass moves all that is alive.
        else if (HasDead && LogBytes > _reclaimFrom && ReadOnlyBytes > PagesAhead * PageBytes && _availableBytes() > _segmentBytes + PagesAhead * PageBytes)
            BeginMaintenance();
    }

    /// <summary>
    /// Dead records in memory take no room on the disk, but a snapshot would have to write them there. They are written as far as there is room, page by page, so that a pass can drop them.
    /// </summary>
    private void FlushDead()
    {
        var from = _kv.Log.SafeReadOnlyAddress;
        var room = _availableBytes() - PagesAhead * PageBytes;
        var until = from + room >= _kv.Log.TailAddress ? _kv.Log.TailAddress : (from + room) & -PageBytes;
        if (until > from)
            _kv.Log.ShiftReadOnlyAddress(until, wait: false);
    }

    /// <summary>As after a pass of maintenance, which would move all of it: what is dead in a snapshot is known from its count.</summary>
    public void Loaded(long records)
    {
        _maintainFrom = Math.Max(_memoryBytes, records == 0 ? 0 : (long)(2.0 * LogBytes * Count / records));
    }

    /// <summary>A pass moves what is alive behind the records that it can look at: it is worth its work when those are many.</summary>
    private bool IsPassDue => LogBytes > _maintainFrom || (IsMostlyDead && ReadOnlyBytes > PagesAhead * PageBytes);

    private void BeginMaintenance()
    {
        _maintenance = _kv.Log.Scan(_kv.Log.BeginAddress, _kv.Log.SafeReadOnlyAddress, ScanBufferingMode.SinglePageBuffering);
        _maintainedTail = _kv.Log.TailAddress;
    }

    private void Maintain(long bytes)
    {
        var scan = _maintenance!;
        var until = scan.NextAddress + bytes;
        while (scan.NextAddress < until)
        {
            if (!scan.GetNext(out var record))
            {
                EndMaintenance();
                // Twice what is alive: the work stays in proportion to what is written.
                _maintainFrom = Math.Max(_memoryBytes, 2 * LogBytes);
                _reclaimFrom = LogBytes + LogBytes / 8;
                return;
            }
            _passed++;
            if (!record.Tombstone)
                KeepIfAlive(scan.GetKey().AsReadOnlySpan(), ref scan.GetValue());
            if (scan.NextAddress >> _pageBits == _kv.Log.BeginAddress >> _pageBits)
                continue;
            _kv.Log.ShiftBeginAddress(scan.NextAddress, truncateLog: true);
            (_records, _passed) = (_records - _passed, 0);
        }
    }

    private void KeepIfAlive(ReadOnlySpan<byte> key, ref SpanByte record)
    {
        var value = FasterRecord.Read(record.ToPointer(), out var header);
        // All of it: a use carries a sliding expiry further under the same version.
        if (TryGetHeader(key, out var current) && current == header)
            Append(key, header, value);
        // What a faulted device gave is not the truth.
        _device.ThrowIfFaulted();
    }

    /// <summary>Nothing may be begun while a checkpoint is alive: the checkpoint needs the log from its begin.</summary>
    private void EndMaintenance()
    {
        _maintenance?.Dispose();
        (_maintenance, _passed) = (null, 0);
    }

    /// <summary>
    /// A full disk is noticed before FASTER spills to it, a page ahead: where there is no room its writers wait without end. What is short of room all the same waits in the device.
    /// </summary>
    public bool HasRoomFor(int bytes)
    {
        var page = (_kv.Log.TailAddress + bytes) >> _pageBits;
        if (page == _guardedPage)
            return true;
        if (_availableBytes() < PagesAhead * PageBytes + 2L * bytes)
            return false;
        _guardedPage = page;
        return true;
    }

    private string? WhyNoRoomForCut()
    {
        var (available, needed) = (_availableBytes(), UnflushedBytes + PagesAhead * PageBytes);
        return available >= needed ? null : $"The disk has {available} bytes left; a snapshot needs {needed} to move records out of memory. It is taken when there is room.";
    }
}
