using FASTER.core;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Storage;

/// <summary>On the stack of a reader, which waits until its record was shown or is known not to be there.</summary>
internal struct FasterFrame(RecordVisit visit)
{
    public bool Found;

    public void Show(in RecordHeader header, ReadOnlySpan<byte> value)
    {
        Found = true;
        visit.Look(header, value);
    }
}

/// <summary>Where a read delivers to: FASTER copies it, also to its heap while a record is on its way from the disk.</summary>
internal readonly unsafe struct FasterRead(FasterFrame* frame)
{
    public void Deliver(ref SpanByte value)
    {
        var bytes = FasterRecord.Read(value.ToPointer(), out var header);
        frame->Show(header, bytes);
    }
}
