using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Client;

/// <summary>Copies a value and its header into a result.</summary>
internal struct CopyVisitor : IRecordVisitor
{
    public KvGetResult Result;

    public void Look(in RecordHeader header, ReadOnlySpan<byte> value) => Result = header.ToResult(value.ToArray());
}
