using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Watch;

/// <summary>
/// Lets readers see the state as of one version while the store changes: while there is a reader, the apply thread keeps the records that
/// it overwrites, one copy for all readers, up to a bound. Beyond the bound the oldest read view is broken, and its reader gets an
/// exception. Without a reader the cost is one comparison.
/// </summary>
internal sealed class ReadViews(long maxBytes)
{
    private const long None = -1;

    private readonly Lock _gate = new();
    private readonly List<ReadView> _views = [];
    private readonly SortedSet<UndoRecord> _records = new(UndoRecord.Order);
    private readonly Queue<UndoRecord> _inLogOrder = [];
    private readonly Dictionary<byte[], long> _lastUntil = new(KeyBytesComparer.Instance);
    private long _newest = None;
    private long _bytes;

    /// <summary>How many read views there are.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _views.Count;
        }
    }

    /// <summary>The bytes of the overwritten records that are kept.</summary>
    public long KeptBytes => Volatile.Read(ref _bytes);

    /// <summary>Apply thread, between two entries: takes a view of the state as it is now.</summary>
    public ReadView Take(IKvStore store, long version)
    {
        var view = new ReadView(this, store, version);
        lock (_gate)
        {
            _views.Add(view);
            Volatile.Write(ref _newest, version);
        }
        return view;
    }

    /// <summary>Any thread: another read view of a version that has one already; <c>null</c> when it has none.</summary>
    public ReadView? TryTakeAgain(long version)
    {
        lock (_gate)
        {
            var at = _views.FindIndex(view => view.Version == version);
            if (at < 0)
                return null;
            var again = new ReadView(this, _views[at].Store, version);
            _views.Insert(at, again);
            return again;
        }
    }

    /// <summary>Apply thread, just before entry <paramref name="until"/> changes a record: keeps the record if a reader needs it.</summary>
    public void Keep(IKvStore store, ReadOnlySpan<byte> key, in RecordHeader before, long until)
    {
        if (Volatile.Read(ref _newest) == None || IsKept(key))
            return;
        byte[]? value = null;
        if (before.Version != 0)
            store.TryRead(key, 0, static (in RecordHeader _, ReadOnlySpan<byte> current, int _) => current.ToArray(), out value);
        var record = new UndoRecord(key.ToArray(), until, before, value);
        lock (_gate)
        {
            _records.Add(record);
            _inLogOrder.Enqueue(record);
            _lastUntil[record.Key!] = until;
            _bytes += record.Bytes;
            while (_bytes > maxBytes && _views.Count > 0)
                Break(_views[0]);
            Prune();
        }
    }

    /// <summary>Apply thread, when another store replaces this one: breaks all read views.</summary>
    public void BreakAll()
    {
        lock (_gate)
        {
            while (_views.Count > 0)
                Break(_views[^1]);
            Prune();
        }
    }

    /// <summary>
    /// Any thread. Adds the records at the view's version of the keys that were overwritten since, in order, from <paramref name="from"/>
    /// to <paramref name="to"/>, both included. Must be called after the store was read, so that no change in between is missed.
    /// </summary>
    /// <exception cref="RaftKvCompactedException">The read view is broken.</exception>
    public void CopyOverwritten(ReadView view, UndoRecord from, UndoRecord to, List<UndoRecord> into)
    {
        lock (_gate)
        {
            if (view.IsBroken)
                throw RaftKvCompactedException.OfScan(view.Version, Math.Max(view.Version + 1, _views.Count > 0 ? _views[0].Version : 0));
            if (_records.Count == 0 || UndoRecord.Order.Compare(from, to) > 0)
                return;
            foreach (var record in _records.GetViewBetween(from, to))
            {
                // The first change after the version replaced the record that the key had at the version.
                if (record.Until > view.Version && (into.Count == 0 || !into[^1].Key.AsSpan().SequenceEqual(record.Key)))
                    into.Add(record);
            }
        }
    }

    public void Release(ReadView view)
    {
        lock (_gate)
        {
            if (view.IsBroken || !_views.Remove(view))
                return;
            Volatile.Write(ref _newest, _views.Count > 0 ? _views[^1].Version : None);
            Prune();
        }
    }

    /// <summary>
    /// Whether the newest reader's record of the key is kept already. Older readers need the same record or an earlier one, so no reader
    /// needs the current record.
    /// </summary>
    private bool IsKept(ReadOnlySpan<byte> key)
    {
        lock (_gate)
            return _lastUntil.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out var until) && until > _newest;
    }

    private void Break(ReadView view)
    {
        view.IsBroken = true;
        _views.Remove(view);
        Volatile.Write(ref _newest, _views.Count > 0 ? _views[^1].Version : None);
    }

    /// <summary>Drops records that no reader needs any more.</summary>
    private void Prune()
    {
        var oldest = _views.Count > 0 ? _views[0].Version : long.MaxValue;
        while (_inLogOrder.TryPeek(out var record) && record.Until <= oldest)
        {
            _inLogOrder.Dequeue();
            _records.Remove(record);
            _bytes -= record.Bytes;
            if (_lastUntil[record.Key!] == record.Until)
                _lastUntil.Remove(record.Key!);
        }
    }
}
