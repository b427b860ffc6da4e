using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Client;

/// <summary>Copies a value and its header into a result. Keeps what is needed to record the access for a sliding expiry.</summary>
internal struct CopyVisitor : IRecordVisitor
{
    public KvGetResult Result;
    public long RenewalMs;

    public void Visit(in RecordHeader header, ReadOnlySpan<byte> value) =>
        (Result, RenewalMs) = (header.ToResult(value.ToArray()), header.RenewalMs);
}
