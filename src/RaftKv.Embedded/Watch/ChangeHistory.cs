using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Watch;

/// <summary>
/// The last changes of this node's records, in the log's order, in a ring of bytes. The apply thread appends and never waits; any thread
/// reads beside it without a lock: it copies first, and then looks whether what it copied was still there. Positions only grow.
/// </summary>
internal sealed class ChangeHistory
{
    private const int MaxChunks = 64;
    private const int MinChunkBytes = 1024;
    private const int MaxChunkBytes = 1024 * 1024;

    // The ring is made of chunks so that a history that is not full takes no more than it holds.
    private readonly byte[]?[] _chunks;
    private readonly long[] _firstOfChunk;
    private readonly int _chunkBits;
    private long _tail;
    private long _lastChunk = -1;
    private long _end;
    private long _start;
    private long _oldest;
    private long _newest;
    private long _through;
    private bool _overflowed;

    /// <param name="bytes">How much it holds, headers included.</param>
    /// <param name="last">The entry before the first it will be told of.</param>
    /// <param name="keepsPrevious">Whether it has what keys held before each change.</param>
    public ChangeHistory(long bytes, long last, bool keepsPrevious = false)
    {
        KeepsPrevious = keepsPrevious;
        var chunkBytes = Math.Clamp((long)BitOperations.RoundUpToPowerOf2((ulong)bytes / MaxChunks), MinChunkBytes, MaxChunkBytes);
        _chunkBits = BitOperations.Log2((ulong)chunkBytes);
        _chunks = new byte[]?[Math.Max(2, (bytes + chunkBytes - 1) / chunkBytes)];
        _firstOfChunk = new long[_chunks.Length];
        (_oldest, _through) = (last + 1, last);
    }

    /// <summary>Whether each change of a key that existed has its previous value.</summary>
    public bool KeepsPrevious { get; }

    /// <summary>Every change of this version or a later one is here.</summary>
    public long OldestVersion => Volatile.Read(ref _oldest);

    /// <summary>Everything up to this entry is here, or was. To be read before <see cref="End"/>.</summary>
    public long Through => Volatile.Read(ref _through);

    /// <summary>Where the oldest change begins.</summary>
    public long Start => Volatile.Read(ref _start);

    /// <summary>Behind the newest change of an entry that has ended.</summary>
    public long End => Volatile.Read(ref _end);

    private long Capacity => (long)_chunks.Length << _chunkBits;

    /// <summary>Apply thread: a record is put. <paramref name="previous"/> is the value before; not used unless it is kept.</summary>
    public void Putting(ReadOnlySpan<byte> key, in RecordHeader before, in RecordHeader header, ReadOnlySpan<byte> value,
        ReadOnlySpan<byte> previous = default) =>
        Append(ChangeHeader.Of(KvChangeKind.Put, header.Version, header, key.Length, value.Length, PreviousBytes(before, previous)), key,
            value, before, previous);

    /// <summary>Apply thread: a record is removed. <paramref name="previous"/> is its value; not used unless it is kept.</summary>
    public void Erasing(
        ReadOnlySpan<byte> key, in RecordHeader before, KvChangeKind kind, long index, ReadOnlySpan<byte> previous = default) =>
        Append(ChangeHeader.Of(kind, index, before, key.Length, valueBytes: 0, PreviousBytes(before, previous)), key, value: default,
            before, previous);

    /// <summary>Readers see an entry's changes from here on, all at once.</summary>
    public void EntryEnded(long index)
    {
        if (_overflowed)
        {
            _overflowed = false;
            // No reader may take the old end for the place behind this entry.
            _tail++;
            Forget(_tail, index + 1);
        }
        Volatile.Write(ref _end, _tail);
        Volatile.Write(ref _newest, index);
    }

    /// <summary>Apply thread: all entries up to <paramref name="index"/> have ended.</summary>
    public void Reach(long index) => Volatile.Write(ref _through, index);

    /// <summary>Apply thread: the state goes on behind entry <paramref name="last"/>, and what led there is not known.</summary>
    public void Restart(long last)
    {
        // No reader may take the old end for the new start.
        _tail++;
        Forget(_tail, last + 1);
        Volatile.Write(ref _through, last);
        Volatile.Write(ref _end, _tail);
    }

    /// <summary>Any thread, below <see cref="End"/>. False when it was overwritten meanwhile.</summary>
    public bool TryReadHeader(long at, out ChangeHeader header)
    {
        header = default;
        return TryCopy(at, at, MemoryMarshal.AsBytes(new Span<ChangeHeader>(ref header)));
    }

    /// <summary>
    /// Any thread: a part of the change that begins at <paramref name="change"/>. False when it was overwritten meanwhile.
    /// </summary>
    public bool TryCopy(long change, long from, Span<byte> to)
    {
        if (change < Start)
            return false;
        CopyOut(from, to);
        Volatile.ReadBarrier();
        return change >= Start;
    }

    /// <summary>
    /// Any thread: the change at <paramref name="at"/>, whose header and key were read, with the values that are asked for. False when it
    /// was overwritten meanwhile.
    /// </summary>
    public bool TryRead(
        long at, in ChangeHeader header, ReadOnlySpan<byte> key, WatchedValues values, [NotNullWhen(true)] out Change? change)
    {
        change = null;
        var valueAt = at + ChangeHeader.Bytes + header.KeyBytes;
        var value = values >= WatchedValues.Written && header.ValueBytes > 0 ? new byte[header.ValueBytes] : null;
        var previous = values >= WatchedValues.Previous && header.PreviousBytes > 0 ? new byte[header.PreviousBytes] : null;
        if (!TryCopy(at, valueAt, value) || !TryCopy(at, valueAt + header.ValueBytes, previous))
            return false;
        change = new Change(header, Encoding.UTF8.GetString(key), value, previous);
        return true;
    }

    /// <summary>
    /// Any thread: where the first change of <paramref name="version"/> or later begins. False when a part of what is asked for is gone.
    /// </summary>
    public bool TryFind(long version, out long at)
    {
        while (true)
        {
            // In this order: the writer moves the version first.
            at = Start;
            if (version < OldestVersion)
                return false;
            var end = End;
            if (Volatile.Read(ref _newest) < version)
            {
                at = end;
                return true;
            }
            at = SkipChunks(at, end, version);
            while (true)
            {
                if (at >= end)
                    return true;
                if (!TryReadHeader(at, out var header))
                    break;
                if (header.Version >= version)
                    return true;
                at += header.TotalBytes;
            }
        }
    }

    /// <summary>The last chunk that begins before the version saves walking through all those before it.</summary>
    private long SkipChunks(long start, long end, long version)
    {
        var best = start;
        for (var slot = 0; slot < _firstOfChunk.Length; slot++)
        {
            var first = Volatile.Read(ref _firstOfChunk[slot]);
            if (first > best && first < end && TryReadHeader(first, out var header) && header.Version < version)
                best = first;
        }
        return best;
    }

    private int PreviousBytes(in RecordHeader before, ReadOnlySpan<byte> previous) =>
        KeepsPrevious && before.Version != 0 ? PreviousHeader.Bytes + previous.Length : 0;

    private void Append(in ChangeHeader header, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, in RecordHeader before,
        ReadOnlySpan<byte> previous)
    {
        if (_overflowed || !MakeRoom(header.TotalBytes))
        {
            _overflowed = true;
            return;
        }
        if (_tail >> _chunkBits != _lastChunk)
        {
            _lastChunk = _tail >> _chunkBits;
            Volatile.Write(ref _firstOfChunk[_lastChunk % _chunks.Length], _tail);
        }
        CopyIn(MemoryMarshal.AsBytes(new ReadOnlySpan<ChangeHeader>(in header)));
        CopyIn(key);
        CopyIn(value);
        if (header.PreviousBytes == 0)
            return;
        var previousHeader = PreviousHeader.Of(before);
        CopyIn(MemoryMarshal.AsBytes(new ReadOnlySpan<PreviousHeader>(in previousHeader)));
        CopyIn(previous);
    }

    /// <summary>Forgets whole entries until there is room; false when the entry under way alone is too large.</summary>
    private bool MakeRoom(int bytes)
    {
        if (_tail + bytes - _start <= Capacity)
            return true;
        var (start, oldest) = (_start, _oldest);
        while (_tail + bytes - start > Capacity || (start < _end && HeaderAt(start).Version < oldest))
        {
            if (start >= _end)
                return false;
            var header = HeaderAt(start);
            oldest = header.Version + 1;
            start += header.TotalBytes;
        }
        Forget(start, oldest);
        return true;
    }

    private void Forget(long start, long oldest)
    {
        Volatile.Write(ref _oldest, oldest);
        Volatile.Write(ref _start, start);
        // Before anything is written over what was forgotten.
        Volatile.WriteBarrier();
    }

    private ChangeHeader HeaderAt(long at)
    {
        var header = default(ChangeHeader);
        CopyOut(at, MemoryMarshal.AsBytes(new Span<ChangeHeader>(ref header)));
        return header;
    }

    private void CopyIn(ReadOnlySpan<byte> from)
    {
        while (!from.IsEmpty)
        {
            ref var chunk = ref _chunks[(_tail >> _chunkBits) % _chunks.Length];
            var room = (chunk ??= GC.AllocateUninitializedArray<byte>(1 << _chunkBits)).AsSpan((int)(_tail & ((1 << _chunkBits) - 1)));
            var count = Math.Min(room.Length, from.Length);
            from[..count].CopyTo(room);
            from = from[count..];
            _tail += count;
        }
    }

    private void CopyOut(long at, Span<byte> to)
    {
        while (!to.IsEmpty)
        {
            var chunk = _chunks[(at >> _chunkBits) % _chunks.Length].AsSpan((int)(at & ((1 << _chunkBits) - 1)));
            var count = Math.Min(chunk.Length, to.Length);
            chunk[..count].CopyTo(to);
            to = to[count..];
            at += count;
        }
    }
}
