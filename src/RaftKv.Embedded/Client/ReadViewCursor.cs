using RaftKv.Embedded.Node;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.Watch;

namespace RaftKv.Embedded.Client;

/// <summary>
/// Reads the state as of a pinned version, page by page: the records that the store holds now, with those replaced that were overwritten
/// since. The store is read first: the apply thread keeps the old record before it overwrites it.
/// </summary>
internal sealed class ReadViewCursor
{
    /// <summary>The most keys that a page takes from the index. A page also ends after <see cref="PageBytes"/> of values.</summary>
    private const int PageKeys = 256;
    private const int PageBytes = 1024 * 1024;

    private readonly ReadView _view;
    private readonly bool _keysOnly;
    private readonly bool _descending;
    private readonly List<byte[]> _keys = new(PageKeys);
    private readonly List<ReadViewRecord> _found = new(PageKeys);
    private readonly List<UndoRecord> _overwritten = [];
    private byte[] _from;
    private byte[] _to;
    private bool _after;
    private bool _done;
    private bool _storeIsGone;

    /// <param name="view">The version to read.</param>
    /// <param name="keys">The keys to read.</param>
    /// <param name="after">The key to continue after, in the order of the cursor; empty for the beginning.</param>
    /// <param name="keysOnly">Whether to leave out the values.</param>
    /// <param name="descending">Whether the cursor begins with the last key.</param>
    public ReadViewCursor(ReadView view, KeyInterval keys, byte[] after, bool keysOnly, bool descending = false)
    {
        (_view, _from, _to, _keysOnly, _descending) = (view, keys.From, keys.To, keysOnly, descending);
        if (after.Length > 0 && descending && !IsPast(after))
            _to = after;
        else if (after.Length > 0 && !descending && after.AsSpan().SequenceCompareTo(keys.From) >= 0)
            (_from, _after) = (after, true);
        _done = IsPast(_from);
    }

    /// <summary>Ascending cursors only: continues at <paramref name="to"/> if the cursor is not there yet.</summary>
    public void Skip(byte[] to)
    {
        if (to.AsSpan().SequenceCompareTo(_from) <= 0)
            return;
        (_from, _after) = (to, false);
        _done |= IsPast(to);
    }

    /// <summary>Fills <paramref name="page"/>, which may stay empty; <c>false</c> when the end was reached before.</summary>
    /// <exception cref="RaftKvCompactedException">The read view is broken.</exception>
    /// <exception cref="RaftKvUnavailableException">The node is stopping.</exception>
    public bool Next(int max, List<ReadViewRecord> page)
    {
        page.Clear();
        if (_done)
            return false;
        max = Math.Min(max, PageKeys);
        _keys.Clear();
        var copied = _descending
            ? _view.Store.CopyKeysDescending(_from, _to, max, _keys) : _view.Store.CopyKeys(_from, _after, _to, max, _keys);
        var isLast = copied < max;
        isLast &= ReadRecords();
        CopyOverwritten(isLast);
        // The read view is not broken, so no other store has replaced this one: the store was disposed because the node stops.
        if (_storeIsGone)
            throw Errors.Stopping();
        Merge(page);
        if (isLast)
            _done = true;
        else if (_descending)
            _to = _found[^1].Key;
        else
            (_from, _after) = (_found[^1].Key, true);
        return true;
    }

    /// <summary>Copies the records that were overwritten between the keys that were read, in the order of the cursor.</summary>
    private void CopyOverwritten(bool isLast)
    {
        var from = new UndoRecord(_descending && !isLast ? _found[^1].Key : _from, _after ? long.MaxValue : 0);
        var to = isLast || _descending ? new UndoRecord(_to.Length > 0 ? _to : null, 0) : new UndoRecord(_found[^1].Key, long.MaxValue);
        _overwritten.Clear();
        _view.CopyOverwritten(from, to, _overwritten);
        if (_descending)
            _overwritten.Reverse();
    }

    /// <summary>Reads the records of the keys. <c>false</c> when it stopped before the last key because the page is large enough.</summary>
    private bool ReadRecords()
    {
        _found.Clear();
        var bytes = 0;
        foreach (var key in _keys)
        {
            if (bytes >= PageBytes)
                return false;
            var record = _keysOnly ? new ReadViewRecord(key, default, null) : Read(key);
            bytes += record.Value?.Length ?? 0;
            _found.Add(record);
        }
        return true;
    }

    private ReadViewRecord Read(byte[] key)
    {
        try
        {
            _view.Store.TryRead(key, key, static (in RecordHeader header, ReadOnlySpan<byte> value, byte[] key) =>
                new ReadViewRecord(key, header, value.ToArray()), out var record);
            return record.Key is null ? new ReadViewRecord(key, default, null) : record;
        }
        catch (ObjectDisposedException)
        {
            _storeIsGone = true;
            return new ReadViewRecord(key, default, null);
        }
    }

    /// <summary>Merges both lists, which are in order; for a key in both, the overwritten record counts.</summary>
    private void Merge(List<ReadViewRecord> page)
    {
        var next = 0;
        foreach (var found in _found)
        {
            while (next < _overwritten.Count && IsBefore(_overwritten[next].Key, found.Key))
                AddIfExisted(_overwritten[next++], page);
            if (next < _overwritten.Count && _overwritten[next].Key.AsSpan().SequenceEqual(found.Key))
            {
                AddIfExisted(_overwritten[next++], page);
                continue;
            }
            Invariant.Holds(_keysOnly || found.Header.Version > 0 && found.Header.Version <= _view.Version, "a record that was not "
                + "overwritten is as old as the scan that sees it");
            page.Add(found);
        }
        for (; next < _overwritten.Count; next++)
            AddIfExisted(_overwritten[next], page);
    }

    private void AddIfExisted(UndoRecord record, List<ReadViewRecord> page)
    {
        if (record.Existed)
            page.Add(
                _keysOnly ? new ReadViewRecord(record.Key!, default, null) : new ReadViewRecord(record.Key!, record.Header, record.Value));
    }

    private bool IsBefore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> other)
    {
        var order = key.SequenceCompareTo(other);
        return _descending ? order > 0 : order < 0;
    }

    private bool IsPast(byte[] key) => _to.Length > 0 && key.AsSpan().SequenceCompareTo(_to) >= 0;
}
