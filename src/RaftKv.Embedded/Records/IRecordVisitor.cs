namespace RaftKv.Embedded.Records;

/// <summary>
/// Reads a record in place. A struct on the stack of its caller that keeps what it read. It must be short, and must not block or call the
/// store.
/// </summary>
internal interface IRecordVisitor
{
    void Visit(in RecordHeader header, ReadOnlySpan<byte> value);
}
