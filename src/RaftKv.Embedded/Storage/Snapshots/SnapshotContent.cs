using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Storage;

/// <summary>What a snapshot held besides its records.</summary>
/// <param name="ClusterId">The cluster it was taken in.</param>
/// <param name="State">The state machine's state.</param>
/// <param name="KeyCount">How many keys its records amount to.</param>
internal sealed record SnapshotContent(Guid ClusterId, KvState State, long KeyCount)
{
    /// <summary>The keys of which some record had a lifetime; whether the last one has is for the store to say.</summary>
    public IReadOnlyCollection<byte[]> Mortal { get; init; } = [];

    /// <summary>Of its records; known once they are loaded.</summary>
    public RecordSum Sum { get; init; }
}
