using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Storage;

/// <summary>The records of a snapshot file, for writing another one from it.</summary>
internal sealed class SnapshotFileCheckpoint(IStorageFile file, string path) : IStoreCheckpoint
{
    public void Visit(CheckpointVisitor visit, CancellationToken cancellationToken) =>
        new SnapshotReader(file, path).ReadAll(visit, cancellationToken);

    public void Dispose() => file.Dispose();
}
