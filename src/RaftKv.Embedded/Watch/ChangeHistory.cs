using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Watch;

/// <summary>
/// The last changes of this node's records, in the order of the log, in a ring of bytes. The apply thread appends and never waits. Any
/// thread reads without a lock: it copies first, and then checks that the copied bytes were not overwritten meanwhile. Positions only grow.
/// </summary>
internal sealed class ChangeHistory
{
    private const int MaxChunks = 64;
    private const int MinChunkBytes = 1024;
    private const int MaxChunkBytes = 1024 * 1024;

    // The ring consists of chunks that are allocated when they are first written.
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

    /// <param name="bytes">How many bytes the history holds, headers included.</param>
    /// <param name="last">The entry before the first one whose changes will be appended.</param>
    /// <param name="keepsPrevious">Whether the history has the previous value of each change.</param>
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

    /// <summary>The history has every change of this version and of all later ones.</summary>
    public long OldestVersion => Volatile.Read(ref _oldest);

    /// <summary>The changes of all entries up to this one were appended. Must be read before <see cref="End"/>.</summary>
    public long Through => Volatile.Read(ref _through);

    /// <summary>Where the oldest change begins.</summary>
    public long Start => Volatile.Read(ref _start);

    /// <summary>The position after the newest change of an entry that has ended.</summary>
    public long End => Volatile.Read(ref _end);

    private long Capacity => (long)_chunks.Length << _chunkBits;

    /// <summary>
    /// Apply thread: a record is put. <paramref name="previous"/> is its value before; not used unless previous values are kept.
    /// </summary>
    public void Putting(ReadOnlySpan<byte> key, in RecordHeader before, in RecordHeader header, ReadOnlySpan<byte> value,
        ReadOnlySpan<byte> previous = default) =>
        Append(ChangeHeader.Of(KvChangeKind.Put, header.Version, header, key.Length, value.Length, PreviousBytes(before, previous)), key,
            value, before, previous);

    /// <summary>
    /// Apply thread: a record is removed. <paramref name="previous"/> is its value; not used unless previous values are kept.
    /// </summary>
    public void Erasing(
        ReadOnlySpan<byte> key, in RecordHeader before, KvChangeKind kind, long index, ReadOnlySpan<byte> previous = default) =>
        Append(ChangeHeader.Of(kind, index, before, key.Length, valueBytes: 0, PreviousBytes(before, previous)), key, value: default,
            before, previous);

    /// <summary>Apply thread: makes the changes of an entry visible to readers, all at once.</summary>
    public void EntryEnded(long index)
    {
        if (_overflowed)
        {
            _overflowed = false;
            // Moves the end, so that no reader takes the old end for the position after this entry.
            _tail++;
            Forget(_tail, index + 1);
        }
        // The end is last: a reader that sees the new end with the old newest version would take this entry for one after the end.
        Volatile.Write(ref _newest, index);
        Volatile.Write(ref _end, _tail);
    }

    /// <summary>Apply thread: all entries up to <paramref name="index"/> have ended.</summary>
    public void Reach(long index) => Volatile.Write(ref _through, index);

    /// <summary>Apply thread: the state continues after entry <paramref name="last"/>, and the changes up to it are not known.</summary>
    public void Restart(long last)
    {
        // Moves the end, so that no reader takes the old end for the new start.
        _tail++;
        Forget(_tail, last + 1);
        // As in EntryEnded: a reader that sees the new end must not take the changes up to it for ones that come after it.
        Volatile.Write(ref _newest, last);
        // Before Through, which readers read first: a router that sees the new version with the old end would miss that changes are gone.
        Volatile.Write(ref _end, _tail);
        Volatile.Write(ref _through, last);
    }

    /// <summary>Any thread, for a position below <see cref="End"/>. <c>false</c> when the change was overwritten meanwhile.</summary>
    public bool TryReadHeader(long at, out ChangeHeader header)
    {
        header = default;
        return TryCopy(at, at, MemoryMarshal.AsBytes(new Span<ChangeHeader>(ref header)));
    }

    /// <summary>
    /// Any thread: copies a part of the change that begins at <paramref name="change"/>. <c>false</c> when it was overwritten meanwhile.
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
    /// Any thread: reads the change at <paramref name="at"/>, whose header and key were read before, with the requested values.
    /// <c>false</c> when it was overwritten meanwhile.
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
    /// Any thread: finds the position of the first change of <paramref name="version"/> or later. <c>false</c> when the history does not
    /// hold all of these changes any more.
    /// </summary>
    public bool TryFind(long version, out long at)
    {
        while (true)
        {
            // In this order: the writer updates the oldest version before the start.
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

    /// <summary>
    /// Returns the start of the last chunk that begins before the version, so that the changes before it need not be read.
    /// </summary>
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

    /// <summary>
    /// Drops the oldest entries, each as a whole, until there is room; <c>false</c> when the entry under way alone is too large.
    /// </summary>
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
        // Readers must see the new start before the dropped bytes are overwritten.
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
