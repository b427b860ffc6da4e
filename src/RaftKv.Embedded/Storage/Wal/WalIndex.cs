using System.Diagnostics.CodeAnalysis;
using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Storage;

/// <summary>The segments of the log, and where the durable entries are in them. Changed by the log's writer, read by any thread.</summary>
internal sealed class WalIndex
{
    private readonly Lock _gate = new();
    private readonly List<WalSegment> _segments = [];
    /// <summary>How often the log was truncated at its end or reset.</summary>
    private long _cuts;

    /// <summary>The entry before the first of the log.</summary>
    public EntryId Base
    {
        get
        {
            lock (_gate)
                return _segments[0].Base;
        }
    }

    public long LastIndex
    {
        get
        {
            lock (_gate)
                return _segments[^1].LastIndex;
        }
    }

    public long FirstSequence
    {
        get
        {
            lock (_gate)
                return _segments[0].Sequence;
        }
    }

    /// <summary>The segment that grows. Writer only.</summary>
    public WalSegment Active => _segments[^1];

    public void AddSegment(WalSegment segment)
    {
        lock (_gate)
            _segments.Add(segment);
    }

    /// <summary>Adds the records of a commit that became durable in the active segment, all at once.</summary>
    public void Publish(ReadOnlySpan<byte> records, long end)
    {
        lock (_gate)
        {
            var offset = end - records.Length;
            while (!records.IsEmpty)
            {
                var record = WalRecord.At(records);
                Apply(record, offset);
                offset += record.Size;
                records = records[record.Size..];
            }
            Active.End = end;
        }
    }

    /// <summary>Syncs every segment. Writer only.</summary>
    public void SyncAll()
    {
        foreach (var segment in _segments)
            segment.File.Sync();
    }

    /// <summary>
    /// Removes the segments whose entries are all before <paramref name="first"/>, but never the active one. The caller deletes the files.
    /// </summary>
    public List<WalSegment> RemoveBefore(long first)
    {
        lock (_gate)
        {
            var count = 0;
            while (count + 1 < _segments.Count && _segments[count + 1].Base.Index < first)
                count++;
            return RemoveFirst(count);
        }
    }

    /// <summary>Restarts the log with a new segment. Returns the older segments; the caller deletes the files.</summary>
    public List<WalSegment> Restart(WalSegment segment)
    {
        lock (_gate)
        {
            _cuts++;
            var removed = RemoveFirst(_segments.Count);
            _segments.Add(segment);
            return removed;
        }
    }

    public void Release(WalSegment segment)
    {
        lock (_gate)
            segment.RemoveUser();
    }

    public void ReleaseAll()
    {
        lock (_gate)
        {
            foreach (var segment in RemoveFirst(_segments.Count - 1))
                segment.RemoveUser();
            // The last segment stays in the list: a late reader finds it, and fails at its closed file.
            _segments[0].RemoveUser();
        }
    }

    /// <summary>
    /// Finds the entries <paramref name="from"/> to at most <paramref name="to"/> that lie in one segment and have about
    /// <paramref name="maxBytes"/> together, at least one. The file of the segment stays open until <see cref="Release"/>.
    /// </summary>
    /// <param name="cuts">
    /// The number of times the log was cut; -1 at the first call of a read. Returns false at a later call when the log was cut since the
    /// first one.
    /// </param>
    /// <param name="offsets">The offset of each entry, and the end of the last one.</param>
    public bool TryLocate(long from, long to, int maxBytes, ref long cuts, [NotNullWhen(true)] out WalSegment? segment, List<uint> offsets)
    {
        offsets.Clear();
        lock (_gate)
        {
            segment = Find(from);
            if (segment is null || (cuts >= 0 && cuts != _cuts))
                return false;
            cuts = _cuts;
            var start = segment.OffsetOf(from);
            var end = 0L;
            var isLast = false;
            for (var index = from; index <= Math.Min(to, segment.LastIndex) && !isLast; index++)
            {
                // One read does not span a truncated range.
                isLast = segment.IsBeforeTruncated(index, out var next);
                if (!isLast)
                    next = segment.OffsetAfter(index);
                if (index > from && next - start > maxBytes)
                    break;
                offsets.Add((uint)segment.OffsetOf(index));
                end = next;
            }
            offsets.Add((uint)end);
            segment.AddUser();
            return true;
        }
    }

    /// <summary>How many bytes of log follow an entry.</summary>
    public long BytesSince(long index)
    {
        lock (_gate)
        {
            var bytes = 0L;
            for (var i = _segments.Count - 1; i >= 0; i--)
            {
                var segment = _segments[i];
                if (segment.Base.Index <= index)
                    return bytes + segment.End - segment.OffsetAfter(index);
                bytes += segment.End - segment.HeaderBytes;
            }
            return bytes;
        }
    }

    /// <summary>
    /// The first entry to keep so that about <paramref name="bytesBehind"/> bytes up to and including <paramref name="index"/> remain.
    /// </summary>
    public long FirstIndexKeepingBytes(long bytesBehind, long index)
    {
        lock (_gate)
        {
            for (var i = _segments.Count - 1; i >= 0; i--)
            {
                var segment = _segments[i];
                if (segment.Base.Index >= index || segment.Offsets.Count == 0)
                    continue;
                var end = segment.OffsetAfter(index);
                if (end - segment.Offsets[0] >= bytesBehind)
                {
                    var found = segment.Offsets.BinarySearch((uint)(end - bytesBehind));
                    var position = found >= 0 ? found : ~found - 1;
                    return Math.Min(segment.Base.Index + 1 + position, index + 1);
                }
                bytesBehind -= end - segment.Offsets[0];
            }
            return _segments[0].Base.Index + 1;
        }
    }

    private void Apply(WalRecord record, long offset)
    {
        switch (record.Type)
        {
            case WalRecordType.Entry:
                Active.Offsets.Add((uint)offset);
                break;
            case WalRecordType.Truncate:
                _cuts++;
                foreach (var segment in _segments)
                    segment.CutAfter(record.Id);
                break;
        }
    }

    private List<WalSegment> RemoveFirst(int count)
    {
        var removed = _segments.GetRange(0, count);
        _segments.RemoveRange(0, count);
        return removed;
    }

    // Newest first: most reads are of recent entries. A segment without entries has LastIndex = Base.Index.
    private WalSegment? Find(long index)
    {
        for (var i = _segments.Count - 1; i >= 0; i--)
        {
            var segment = _segments[i];
            if (index > segment.Base.Index)
                return index <= segment.LastIndex ? segment : null;
        }
        return null;
    }
}
