namespace RaftKv.Embedded.Watch;

/// <summary>
/// Reads the changes of a range of keys from the history, entry by entry, at the pace of its consumer. One caller at a time.
/// </summary>
internal sealed class HistoryReader(ChangeHistory history, KeyInterval keys, WatchedValues values)
{
    private const long Unknown = -1;

    /// <summary>The changes of the last entry that was read.</summary>
    private readonly Queue<(Change Change, bool EndsVersion)> _entry = [];
    private readonly List<Change> _read = [];
    private byte[] _key = [];
    private bool _isReading;

    /// <summary>Where the next entry begins in the history; <see cref="Unknown"/> when it must be looked up by its version.</summary>
    public long Position { get; private set; } = Unknown;

    /// <summary>All changes before this version were read.</summary>
    public long Next { get; private set; }

    /// <summary>Begins at a version, unless the reader has begun already and was not ended.</summary>
    public void Begin(long version)
    {
        if (!_isReading)
            (_isReading, Next, Position) = (true, version, Unknown);
    }

    /// <summary>After this, the next call of <see cref="Begin"/> starts again at its version.</summary>
    public void End() => _isReading = false;

    public bool TryTake(out (Change Change, bool EndsVersion) item) => _entry.TryDequeue(out item);

    /// <summary>Reads up to the next entry with a change of these keys. <c>false</c> at the end of the history.</summary>
    /// <exception cref="RaftKvCompactedException">The history does not hold the next change any more.</exception>
    public bool TryReadEntry()
    {
        while (_entry.Count == 0)
        {
            if (Position < 0)
            {
                if (!history.TryFind(Next, out var found))
                    throw RaftKvCompactedException.OfWatch(Next, history.OldestVersion);
                Position = found;
            }
            var end = history.End;
            if (Position >= end)
                return false;
            if (!TryReadEntry(end))
                Position = Unknown;
        }
        return true;
    }

    /// <summary><c>false</c> when the entry was overwritten meanwhile.</summary>
    private bool TryReadEntry(long end)
    {
        var (at, version) = (Position, 0L);
        _read.Clear();
        while (at < end)
        {
            if (!history.TryReadHeader(at, out var header))
                return false;
            if (version != 0 && header.Version != version)
                break;
            version = header.Version;
            if (!TryReadChange(at, header))
                return false;
            at += header.TotalBytes;
        }
        // A watch may begin at a version that this node has not applied yet: the entries before it are not for this reader.
        for (var i = 0; i < _read.Count && version >= Next; i++)
            _entry.Enqueue((_read[i], i == _read.Count - 1));
        (Position, Next) = (at, Math.Max(Next, version + 1));
        return true;
    }

    private bool TryReadChange(long at, in ChangeHeader header)
    {
        if (_key.Length < header.KeyBytes)
            _key = new byte[header.KeyBytes];
        var key = _key.AsSpan(0, header.KeyBytes);
        if (!history.TryCopy(at, at + ChangeHeader.Bytes, key))
            return false;
        if (!keys.Contains(key))
            return true;
        if (!history.TryRead(at, header, key, values, out var change))
            return false;
        _read.Add(change);
        return true;
    }
}
