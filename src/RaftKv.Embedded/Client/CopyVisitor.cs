using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Client;

/// <summary>Takes a copy of a value, with all that is told about it.</summary>
internal struct CopyVisitor : IRecordVisitor
{
    public KvGetResult Result;

    public void Look(in RecordHeader header, ReadOnlySpan<byte> value) => Result = header.ToResult(value.ToArray());
}
