using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.StateMachine;

/// <summary>The one way a record comes into the store, is replaced in it or leaves it. Apply thread.</summary>
internal sealed class RecordWriter(IKvStore store, KeyLifetimes lifetimes, RecordSum sum)
{
    private RecordSum _sum = sum;
    private bool _hasChanged;

    /// <summary>Is told of changes; <c>null</c> when there is no listener.</summary>
    public IKvChangeSink? Changes { get; set; }

    /// <summary>Of all records.</summary>
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

    /// <summary>Moves the end of a key. Not a change: the version stays, and no listener is told.</summary>
    public void MoveEnd(byte[] key, in RecordHeader before, in RecordHeader after)
    {
        using var value = RentedValue.Read(store, key);
        lifetimes.Relate(key, before, after);
        _sum.Replace(key, before, after);
        store.Put(key, after, value.Span, replaces: true);
    }

    /// <summary>All changes of an entry are made.</summary>
    public void EndEntry(long index)
    {
        if (!_hasChanged)
            return;
        _hasChanged = false;
        Changes?.EntryEnded(index);
    }
}
