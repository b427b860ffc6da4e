namespace RaftKv.Embedded.Records;

/// <summary>The records of a store as they were at one moment. A store has at most one checkpoint at a time.</summary>
internal interface IStoreCheckpoint : IDisposable
{
    /// <summary>
    /// Any thread, at the same time as the applier: visits every record and every deletion, in an order in which the last one of a key is
    /// the valid one.
    /// </summary>
    void Visit(CheckpointVisitor visit, CancellationToken cancellationToken);
}

/// <summary>Receives one record of a checkpoint, or with <paramref name="deleted"/> the deletion of a key.</summary>
internal delegate void CheckpointVisitor(ReadOnlySpan<byte> key, in RecordHeader header, ReadOnlySpan<byte> value, bool deleted);
