using System.Buffers;
using System.Buffers.Binary;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.StateMachine;

/// <summary>
/// The results of the operations of a transaction, as callers get them and as the session table keeps them for retries, little-endian:
/// <code>
/// count u16 | per operation: kind u8 | body
/// put                    nothing
/// delete, delete range   how many keys, u32
/// get                    found u8 | [version | create version | write count | expires at | lease | sliding, i64 each
///                        | value length u32 | value]
/// increment              the new number, i64
/// </code>
/// </summary>
internal sealed class TransactionResult
{
    /// <summary>The most bytes of the result of one transaction that reads.</summary>
    public const int MaxBytes = 16 * 1024 * 1024;

    /// <summary>A buffer larger than this is not kept for the next transaction.</summary>
    private const int KeptBytes = 256 * 1024;

    private const int HeaderBytes = 6 * sizeof(long);

    private ArrayBufferWriter<byte> _bytes = new(256);

    public bool IsTooLarge => _bytes.WrittenCount > MaxBytes;

    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

    public void Clear()
    {
        if (_bytes.Capacity > KeptBytes)
            _bytes = new ArrayBufferWriter<byte>(256);
        else
            _bytes.ResetWrittenCount();
    }

    public void Begin(int operations) => BinaryPrimitives.WriteUInt16LittleEndian(Take(sizeof(ushort)), (ushort)operations);

    public void AddPut() => Take(1)[0] = (byte)TransactionOperationKind.Put;

    public void AddDeleted(TransactionOperationKind kind, int keys)
    {
        var to = Take(1 + sizeof(uint));
        to[0] = (byte)kind;
        BinaryPrimitives.WriteUInt32LittleEndian(to[1..], (uint)keys);
    }

    public void AddNumber(long number)
    {
        var to = Take(1 + sizeof(long));
        to[0] = (byte)TransactionOperationKind.Increment;
        BinaryPrimitives.WriteInt64LittleEndian(to[1..], number);
    }

    /// <summary>Adds a record that was read; without a header, that there is none.</summary>
    public bool AddRead(RecordHeader? record, ReadOnlySpan<byte> value)
    {
        var to = Take(2);
        (to[0], to[1]) = ((byte)TransactionOperationKind.Get, record is null ? (byte)0 : (byte)1);
        if (record is not { } header)
            return false;
        to = Take(HeaderBytes + sizeof(uint));
        BinaryPrimitives.WriteInt64LittleEndian(to, header.Version);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], header.CreateVersion);
        BinaryPrimitives.WriteInt64LittleEndian(to[16..], header.WriteCount);
        BinaryPrimitives.WriteInt64LittleEndian(to[24..], header.ExpiresAtMs);
        BinaryPrimitives.WriteInt64LittleEndian(to[32..], header.LeaseId);
        BinaryPrimitives.WriteInt64LittleEndian(to[40..], header.SlidingMs);
        BinaryPrimitives.WriteUInt32LittleEndian(to[HeaderBytes..], (uint)value.Length);
        value.CopyTo(Take(value.Length));
        return true;
    }

    /// <summary>Decodes the bytes of <see cref="ToArray"/>.</summary>
    public static KvOperationResult[] Read(byte[] bytes)
    {
        var results = new KvOperationResult[BinaryPrimitives.ReadUInt16LittleEndian(bytes)];
        var from = bytes.AsMemory(sizeof(ushort));
        for (var i = 0; i < results.Length; i++)
            results[i] = ReadOne(ref from);
        return results;
    }

    private static KvOperationResult ReadOne(ref Memory<byte> from)
    {
        var kind = (TransactionOperationKind)from.Span[0];
        from = from[1..];
        switch (kind)
        {
            case TransactionOperationKind.Put:
                return default;
            case TransactionOperationKind.Delete or TransactionOperationKind.DeleteRange:
                var deleted = BinaryPrimitives.ReadUInt32LittleEndian(from.Span);
                from = from[sizeof(uint)..];
                return new KvOperationResult { Deleted = (int)deleted };
            case TransactionOperationKind.Increment:
                var number = BinaryPrimitives.ReadInt64LittleEndian(from.Span);
                from = from[sizeof(long)..];
                return new KvOperationResult { Number = number };
            default:
                return new KvOperationResult { Read = ReadRecord(ref from) };
        }
    }

    private static KvGetResult ReadRecord(ref Memory<byte> from)
    {
        var found = from.Span[0] != 0;
        from = from[1..];
        if (!found)
            return default;
        var fields = from.Span[..HeaderBytes];
        var length = (int)BinaryPrimitives.ReadUInt32LittleEndian(from.Span[HeaderBytes..]);
        var header = new RecordHeader(
            BinaryPrimitives.ReadInt64LittleEndian(fields),
            BinaryPrimitives.ReadInt64LittleEndian(fields[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(fields[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(fields[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(fields[32..]),
            BinaryPrimitives.ReadInt64LittleEndian(fields[40..]));
        var result = header.ToResult(from.Slice(HeaderBytes + sizeof(uint), length));
        from = from[(HeaderBytes + sizeof(uint) + length)..];
        return result;
    }

    private Span<byte> Take(int bytes)
    {
        var span = _bytes.GetSpan(bytes)[..bytes];
        _bytes.Advance(bytes);
        return span;
    }
}
