using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Client;

/// <summary>
/// Passes a record to an application's reader. Keeps the reader's result, and what is needed to record the access for a sliding expiry.
/// </summary>
internal struct ReaderVisitor<TState, TResult>(TState state, KvReader<TState, TResult> read) : IRecordVisitor
{
    public TResult? Result;
    public long Version;
    public long ExpiresAtMs;
    public long RenewalMs;

    public void Visit(in RecordHeader header, ReadOnlySpan<byte> value)
    {
        (Version, ExpiresAtMs, RenewalMs) = (header.Version, header.ExpiresAtMs, header.RenewalMs);
        Result = read(value, new KvVersion(header.Version), state);
    }
}
