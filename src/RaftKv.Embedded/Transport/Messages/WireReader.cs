using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;
using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Transport;

/// <summary>Reads little-endian fields of untrusted bytes. Malformed bytes cause a <see cref="WireFormatException"/>.</summary>
internal ref struct WireReader(ReadOnlyMemory<byte> payload)
{
    private readonly ReadOnlyMemory<byte> _payload = payload;
    private readonly ReadOnlySpan<byte> _bytes = payload.Span;
    private int _position;

    public readonly int Remaining => _bytes.Length - _position;

    public byte Byte() => Take(1)[0];

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(sizeof(ushort)));

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)));

    public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long)));

    public EntryId Id() => new(Int64(), Int64());

    public Guid Guid() => new(Take(16));

    /// <summary>Up to two booleans in one byte; the other bits must be clear.</summary>
    public (bool First, bool Second) Flags(int known)
    {
        var bits = Byte();
        if (bits >= 1 << known)
            throw new WireFormatException($"unknown flags {bits}");
        return ((bits & 1) != 0, (bits & 2) != 0);
    }

    /// <summary>
    /// A number of items, each of which takes at least <paramref name="itemBytes"/>. A count that exceeds the bytes of its frame is
    /// refused, so that it cannot allocate memory.
    /// </summary>
    public int Count(int itemBytes)
    {
        var count = Int32();
        if (count < 0 || count > Remaining / itemBytes)
            throw new WireFormatException($"a count of {count} in {Remaining} bytes");
        return count;
    }

    /// <summary>A slice of the payload itself, not a copy.</summary>
    public ReadOnlyMemory<byte> Bytes()
    {
        var length = Count(1);
        var slice = _payload.Slice(_position, length);
        _position += length;
        return slice;
    }

    public byte[] Raw(int length) => Take(length).ToArray();

    public string Text(int maxBytes = int.MaxValue)
    {
        var bytes = Take(Count(1));
        if (bytes.Length > maxBytes || !Utf8.IsValid(bytes))
            throw new WireFormatException("a text is too long or not UTF-8");
        return Encoding.UTF8.GetString(bytes);
    }

    public readonly void End()
    {
        if (Remaining != 0)
            throw new WireFormatException($"{Remaining} bytes after the end of a message");
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (Remaining < length)
            throw new WireFormatException("a message is cut off");
        var slice = _bytes.Slice(_position, length);
        _position += length;
        return slice;
    }
}
