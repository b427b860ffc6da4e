namespace RaftKv.Embedded.Records;

/// <summary>What the store keeps beside a value.</summary>
/// <param name="Version">The log index of the last write.</param>
/// <param name="CreateVersion">The log index that created the key.</param>
/// <param name="WriteCount">How often it was written since; from 1.</param>
/// <param name="ExpiresAtMs">Log time from which on the key may be removed; 0 is never.</param>
/// <param name="LeaseId">The lease it dies with; 0 is none.</param>
/// <param name="SlidingMs">How long it lives after each use; 0 is no matter of use.</param>
/// <param name="ExpiresByMs">With a sliding expiry, the log time beyond which no use carries it; 0 is none.</param>
/// <param name="ValueChecksum">What <see cref="RecordSum"/> counts the value with. Follows from the value: not part of any format.</param>
internal readonly record struct RecordHeader(
    long Version, long CreateVersion, long WriteCount, long ExpiresAtMs = 0, long LeaseId = 0, long SlidingMs = 0, long ExpiresByMs = 0,
    uint ValueChecksum = 0)
{
    public bool HasLifetime => (ExpiresAtMs | LeaseId) != 0;

    /// <summary>The header after one more plain write: whatever lifetime there was is over.</summary>
    public RecordHeader NextAt(long version) => new(version, Version == 0 ? version : CreateVersion, WriteCount + 1);

    /// <summary>The header after a use, for a sliding expiry.</summary>
    public RecordHeader UsedAt(long nowMs) =>
        this with { ExpiresAtMs = ExpiresByMs == 0 ? nowMs + SlidingMs : Math.Min(nowMs + SlidingMs, ExpiresByMs) };

    /// <summary>The answer to a read that found this record.</summary>
    public KvGetResult ToResult(ReadOnlyMemory<byte> value) => new()
    {
        Found = true,
        Value = value,
        Version = new KvVersion(Version),
        CreateVersion = new KvVersion(CreateVersion),
        WriteCount = WriteCount,
        LeaseId = LeaseId,
        ExpiresAtMs = ExpiresAtMs,
        SlidingMs = SlidingMs,
    };
}
