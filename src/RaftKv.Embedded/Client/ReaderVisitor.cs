using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Client;

/// <summary>Hands a record to an application's reader, and keeps what that makes of it and what a use of the record has to be noted with.</summary>
internal struct ReaderVisitor<TState, TResult>(TState state, KvReader<TState, TResult> read) : IRecordVisitor
{
    public TResult? Result;
    public long Version;
    public long ExpiresAtMs;
    public long SlidingMs;

    public void Look(in RecordHeader header, ReadOnlySpan<byte> value)
    {
        (Version, ExpiresAtMs, SlidingMs) = (header.Version, header.ExpiresAtMs, header.SlidingMs);
        Result = read(value, new KvVersion(header.Version), state);
    }
}
