namespace RaftKv.Embedded.Records;

/// <summary>The records of a store as they were at one moment. At most one is alive per store.</summary>
internal interface IStoreCheckpoint : IDisposable
{
    /// <summary>
    /// Any thread, beside the applier: gives every record, and every deletion, in an order in which the last one about a key wins.
    /// </summary>
    void Visit(CheckpointVisitor visit, CancellationToken cancellationToken);
}

/// <summary>Sees one record of a checkpoint, or with <paramref name="deleted"/> that a key is gone.</summary>
internal delegate void CheckpointVisitor(ReadOnlySpan<byte> key, in RecordHeader header, ReadOnlySpan<byte> value, bool deleted);
