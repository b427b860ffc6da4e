namespace RaftKv.Embedded.Records;

/// <summary>
/// A callback that reads a record in place: a function pointer without a generic parameter or a capture, and the frame on its caller's
/// stack that it fills. It runs under the store's protection: it must be short, and must not block, call the store or throw.
/// </summary>
internal readonly unsafe struct RecordVisit(void* frame, delegate*<void*, in RecordHeader, ReadOnlySpan<byte>, void> call)
{
    public void Invoke(in RecordHeader header, ReadOnlySpan<byte> value) => call(frame, header, value);
}
