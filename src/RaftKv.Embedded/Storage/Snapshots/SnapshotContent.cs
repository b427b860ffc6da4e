using RaftKv.Embedded.Log;
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

    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.Damaged"/>: it covers the log up to another
    /// entry.</exception>
    public void ThrowUnlessOf(EntryId last, string path)
    {
        if (State.Last != last)
            throw Damaged(path, $"it covers entry {State.Last} instead");
    }

    public static RaftKvStorageException Damaged(string path, string how) =>
        new(RaftKvStorageError.Damaged, $"The snapshot '{path}' is damaged: {how}.");
}
