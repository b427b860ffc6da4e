using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.StateMachine;

/// <summary>Makes all changes of records in the store, and updates lifetimes, sum and listener with them. Applier thread only.</summary>
internal sealed class RecordWriter(IKvStore store, KeyLifetimes lifetimes, RecordSum sum)
{
    private RecordSum _sum = sum;
    private bool _hasChanged;

    /// <summary>The listener of changes; <c>null</c> when there is none.</summary>
    public IKvChangeSink? Changes { get; set; }

    /// <summary>The sum of all records.</summary>
    public RecordSum Sum => _sum;

    public void Put(ReadOnlySpan<byte> key, in RecordHeader before, in RecordHeader header, ReadOnlySpan<byte> value)
    {
        _hasChanged = true;
        if (before.HasLifetime || header.HasLifetime)
            lifetimes.Relate(key, before, header);
        Changes?.Putting(key, before, header, value);
        var record = header with { ValueChecksum = RecordSum.Checksum(value) };
        _sum.Replace(key, before, record);
        store.Put(key, record, value, replaces: before.Version != 0);
    }

    public void Erase(ReadOnlySpan<byte> key, in RecordHeader before, KvChangeKind kind, long index)
    {
        _hasChanged = true;
        if (before.HasLifetime)
            lifetimes.Relate(key, before, default);
        Changes?.Erasing(key, before, kind, index);
        _sum.Replace(key, before, default);
        store.Remove(key);
    }

    /// <summary>
    /// Moves the expiry of a key. This is not a change of the key: its version stays the same, and the listener is not notified.
    /// </summary>
    public void MoveEnd(byte[] key, in RecordHeader before, in RecordHeader after)
    {
        using var value = RentedValue.Read(store, key);
        lifetimes.Relate(key, before, after);
        _sum.Replace(key, before, after);
        store.Put(key, after, value.Span, replaces: true);
    }

    /// <summary>Called after all changes of an entry: notifies the listener if there was a change.</summary>
    public void EndEntry(long index)
    {
        if (!_hasChanged)
            return;
        _hasChanged = false;
        Changes?.EntryEnded(index);
    }
}
