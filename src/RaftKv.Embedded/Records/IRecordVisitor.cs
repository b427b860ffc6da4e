namespace RaftKv.Embedded.Records;

/// <summary>
/// Reads a record in place. A struct on the stack of its caller, which keeps what it saw; short, no blocking, no call back into the store.
/// </summary>
internal interface IRecordVisitor
{
    void Look(in RecordHeader header, ReadOnlySpan<byte> value);
}
