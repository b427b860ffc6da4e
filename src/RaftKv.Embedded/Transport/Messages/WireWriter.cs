using System.Buffers.Binary;
using System.Text;
using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Transport;

/// <summary>Writes little-endian fields into a span whose size was computed before.</summary>
internal ref struct WireWriter(Span<byte> rest)
{
    private Span<byte> _rest = rest;

    public readonly bool IsFull => _rest.IsEmpty;

    public void Byte(byte value)
    {
        _rest[0] = value;
        _rest = _rest[1..];
    }

    public void UInt16(ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_rest, value);
        _rest = _rest[sizeof(ushort)..];
    }

    public void Int32(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_rest, value);
        _rest = _rest[sizeof(int)..];
    }

    public void Int64(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_rest, value);
        _rest = _rest[sizeof(long)..];
    }

    public void Id(EntryId id)
    {
        Int64(id.Term);
        Int64(id.Index);
    }

    public void Guid(Guid value)
    {
        value.TryWriteBytes(_rest);
        _rest = _rest[16..];
    }

    public void Flags(bool first, bool second = false) => Byte((byte)((first ? 1 : 0) | (second ? 2 : 0)));

    public void Bytes(ReadOnlySpan<byte> value)
    {
        Int32(value.Length);
        value.CopyTo(_rest);
        _rest = _rest[value.Length..];
    }

    /// <summary>Writes bytes without their length.</summary>
    public void Raw(ReadOnlySpan<byte> value)
    {
        value.CopyTo(_rest);
        _rest = _rest[value.Length..];
    }

    public void Text(string value)
    {
        var length = Encoding.UTF8.GetBytes(value, _rest[sizeof(int)..]);
        Int32(length);
        _rest = _rest[length..];
    }
}
