namespace RaftKv.Embedded.Records;

/// <summary>
/// What looks at a record in place: code without a generic parameter or a capture, and the frame on its caller's stack that it fills. Runs under the store's protection: short, no blocking, no call
/// back into the store, and it must not throw.
/// </summary>
internal readonly unsafe struct RecordVisit(void* frame, delegate*<void*, in RecordHeader, ReadOnlySpan<byte>, void> look)
{
    public void Look(in RecordHeader header, ReadOnlySpan<byte> value) => look(frame, header, value);
}
