using FASTER.core;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// The state of one read, on the stack of the reader, which waits until the record was passed to the visitor or is known to be absent.
/// </summary>
internal struct FasterFrame(RecordVisit visit)
{
    public bool Found;

    public void Show(in RecordHeader header, ReadOnlySpan<byte> value)
    {
        Found = true;
        visit.Invoke(header, value);
    }
}

/// <summary>
/// The output of a read, which delivers the record to the frame. FASTER copies this struct, also to the heap while a record is read from
/// the disk.
/// </summary>
internal readonly unsafe struct FasterRead(FasterFrame* frame)
{
    public void Deliver(ref SpanByte value)
    {
        var bytes = FasterRecord.Read(value.ToPointer(), out var header);
        frame->Show(header, bytes);
    }
}
