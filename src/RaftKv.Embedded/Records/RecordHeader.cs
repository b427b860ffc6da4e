namespace RaftKv.Embedded.Records;

/// <summary>The data that the store keeps with each value.</summary>
/// <param name="Version">The log index of the last write.</param>
/// <param name="CreateVersion">The log index that created the key.</param>
/// <param name="WriteCount">How often the key was written since it was created; 1 for a new key.</param>
/// <param name="ExpiresAtMs">Log time from which on the key may be removed; 0 is never.</param>
/// <param name="LeaseId">The lease the key is bound to; 0 is none.</param>
/// <param name="SlidingMs">How long the key lives after each use; 0 without a sliding expiry.</param>
/// <param name="ExpiresByMs">With a sliding expiry, the log time beyond which no use extends the key; 0 is none.</param>
/// <param name="ValueChecksum">
/// The checksum of the value, see <see cref="RecordSum.Checksum"/>. Computed from the value, so it is not part of any format.
/// </param>
internal readonly record struct RecordHeader(
    long Version, long CreateVersion, long WriteCount, long ExpiresAtMs = 0, long LeaseId = 0, long SlidingMs = 0, long ExpiresByMs = 0,
    uint ValueChecksum = 0)
{
    public bool HasLifetime => (ExpiresAtMs | LeaseId) != 0;

    /// <summary>
    /// <see cref="SlidingMs"/> while a use extends the key; 0 without a sliding expiry, and once the key ends at
    /// <see cref="ExpiresByMs"/> whether it is used or not.
    /// </summary>
    public long RenewalMs => ExpiresAtMs == ExpiresByMs ? 0 : SlidingMs;

    /// <summary>The header after one more write without a lifetime: the lifetime that the key had ends.</summary>
    public RecordHeader NextAt(long version) => new(version, Version == 0 ? version : CreateVersion, WriteCount + 1);

    /// <summary>The header after a use, with a sliding expiry.</summary>
    public RecordHeader UsedAt(long nowMs) =>
        this with { ExpiresAtMs = ExpiresByMs == 0 ? nowMs + SlidingMs : Math.Min(nowMs + SlidingMs, ExpiresByMs) };

    /// <summary>The result of a read of this record.</summary>
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
