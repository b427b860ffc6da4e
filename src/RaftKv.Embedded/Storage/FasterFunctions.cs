using FASTER.core;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Storage;

/// <summary>A value on its way into the log, on the stack of the writer: it is copied once, straight into its record.</summary>
internal unsafe struct FasterPut
{
    public RecordHeader Header;
    public byte* Value;
    public int ValueBytes;

    /// <summary>Set when an existing record was overwritten in place: the key is not new.</summary>
    public bool InPlace;
}

/// <summary>Where a read delivers to: a frame on the stack of the reader, which waits until it is delivered.</summary>
internal readonly unsafe struct FasterRead(void* frame, delegate*<void*, byte*, void> deliver)
{
    public void Deliver(ref SpanByte value) => deliver(frame, value.ToPointer());
}

/// <summary>What FASTER calls, under its epoch protection and its lock of the record: nothing here blocks or throws.</summary>
internal sealed unsafe class FasterFunctions : FunctionsBase<SpanByte, SpanByte, Empty, FasterRead, Empty>
{
    // A record keeps its allocation when the value shrinks, but not when nearly all of a large one would be slack.
    private const int MaxSlackFactor = 4;
    private const int AlwaysKeptBytes = 4096;

    public override bool SingleReader(ref SpanByte key, ref Empty input, ref SpanByte value, ref FasterRead output, ref ReadInfo readInfo)
    {
        output.Deliver(ref value);
        return true;
    }

    public override bool ConcurrentReader(ref SpanByte key, ref Empty input, ref SpanByte value, ref FasterRead output, ref ReadInfo readInfo)
    {
        output.Deliver(ref value);
        return true;
    }

    public override bool SingleWriter(ref SpanByte key, ref Empty input, ref SpanByte source, ref SpanByte target, ref FasterRead output, ref UpsertInfo upsertInfo, WriteReason reason)
    {
        var put = (FasterPut*)source.ToPointer();
        FasterRecord.Write(target.ToPointer(), put->Header, new ReadOnlySpan<byte>(put->Value, put->ValueBytes));
        return true;
    }

    public override bool ConcurrentWriter(ref SpanByte key, ref Empty input, ref SpanByte source, ref SpanByte target, ref FasterRead output, ref UpsertInfo upsertInfo)
    {
        var put = (FasterPut*)source.ToPointer();
        var needed = FasterRecord.NeededFor(put->Header, put->ValueBytes);
        if (needed > target.Length || (target.Length > AlwaysKeptBytes && target.Length / MaxSlackFactor > needed))
            return false;
        FasterRecord.Write(target.ToPointer(), put->Header, new ReadOnlySpan<byte>(put->Value, put->ValueBytes));
        put->InPlace = true;
        return true;
    }

    /// <summary>A tombstone has no room for a value; the base class would write one.</summary>
    public override bool SingleDeleter(ref SpanByte key, ref SpanByte value, ref DeleteInfo deleteInfo) => true;
}
