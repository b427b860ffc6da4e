namespace RaftKv.Embedded.StateMachine;

/// <summary>What the store keeps beside a value.</summary>
/// <param name="Version">The log index of the last write.</param>
/// <param name="CreateVersion">The log index that created the key.</param>
/// <param name="WriteCount">How often it was written since; from 1.</param>
/// <param name="ExpiresAtMs">Log time at which the key is gone; 0 is never. Reserved: no command sets it yet.</param>
/// <param name="LeaseId">The lease it dies with; 0 is none. Reserved: no command sets it yet.</param>
internal readonly record struct RecordHeader(long Version, long CreateVersion, long WriteCount, long ExpiresAtMs = 0, long LeaseId = 0)
{
    /// <summary>The header after one more plain write.</summary>
    public RecordHeader NextAt(long version) => new(version, Version == 0 ? version : CreateVersion, WriteCount + 1);
}
