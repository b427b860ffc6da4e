using FASTER.core;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Storage;

/// <summary>A value to be written to the log, on the stack of the writer: it is copied once, directly into its record.</summary>
internal unsafe struct FasterPut
{
    public RecordHeader Header;
    public byte* Value;
    public int ValueBytes;

    /// <summary>Set when an existing record was overwritten in place: the key is not new.</summary>
    public bool InPlace;
}

/// <summary>
/// Callbacks of FASTER, called under its epoch protection and its lock of the record: they must not block or throw. A struct, so that the
/// JIT inlines them into FASTER's code.
/// </summary>
internal readonly unsafe partial struct FasterFunctions : IFunctions<SpanByte, SpanByte, Empty, FasterRead, Empty>
{
    // A record keeps its allocation when the value shrinks, unless more than three quarters of a large allocation would be unused.
    private const int MaxSlackFactor = 4;
    private const int AlwaysKeptBytes = 4096;

    public bool SingleReader(ref SpanByte key, ref Empty input, ref SpanByte value, ref FasterRead output, ref ReadInfo readInfo)
    {
        output.Deliver(ref value);
        return true;
    }

    public bool ConcurrentReader(ref SpanByte key, ref Empty input, ref SpanByte value, ref FasterRead output, ref ReadInfo readInfo)
    {
        output.Deliver(ref value);
        return true;
    }

    public bool SingleWriter(ref SpanByte key, ref Empty input, ref SpanByte source, ref SpanByte target, ref FasterRead output,
        ref UpsertInfo upsertInfo, WriteReason reason)
    {
        var put = (FasterPut*)source.ToPointer();
        FasterRecord.Write(target.ToPointer(), put->Header, new ReadOnlySpan<byte>(put->Value, put->ValueBytes));
        return true;
    }

    public bool ConcurrentWriter(ref SpanByte key, ref Empty input, ref SpanByte source, ref SpanByte target, ref FasterRead output,
        ref UpsertInfo upsertInfo)
    {
        var put = (FasterPut*)source.ToPointer();
        var needed = FasterRecord.NeededFor(put->Header, put->ValueBytes);
        if (needed > target.Length || (target.Length > AlwaysKeptBytes && target.Length / MaxSlackFactor > needed))
            return false;
        FasterRecord.Write(target.ToPointer(), put->Header, new ReadOnlySpan<byte>(put->Value, put->ValueBytes));
        put->InPlace = true;
        return true;
    }

    /// <summary>A tombstone has no room for a value, and gets none.</summary>
    public bool SingleDeleter(ref SpanByte key, ref SpanByte value, ref DeleteInfo deleteInfo) => true;
}
