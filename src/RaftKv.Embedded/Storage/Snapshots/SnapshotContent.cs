using RaftKv.Embedded.Log;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Storage;

/// <summary>The content of a snapshot besides its records.</summary>
/// <param name="ClusterId">The cluster it was taken in.</param>
/// <param name="State">The state machine's state.</param>
/// <param name="KeyCount">The number of keys, after later records of a key have replaced earlier ones.</param>
internal sealed record SnapshotContent(Guid ClusterId, KvState State, long KeyCount)
{
    /// <summary>The keys that had a lifetime in some record. Whether the last record of a key has one is known to the store only.</summary>
    public IReadOnlyCollection<byte[]> Expiring { get; init; } = [];

    /// <summary>The sum of its records; known after they are loaded.</summary>
    public RecordSum Sum { get; init; }

    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.Damaged"/>: it covers the log up to another
    /// entry.</exception>
    public void ThrowUnlessOf(EntryId last, string path)
    {
        if (State.Last != last)
            throw Damaged(path, $"it covers entry {State.Last} instead of {last}");
    }

    public static RaftKvStorageException Damaged(string path, string how) =>
        new(RaftKvStorageError.Damaged, $"The snapshot '{path}' is damaged: {how}.");
}
