using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Node;

/// <summary>How much room the disk has.</summary>
internal sealed class DiskMeasured(long freeBytes, long unflushedBytes, long dataBytes) : ReplicaInput
{
    public long FreeBytes => freeBytes;

    /// <inheritdoc cref="IKvStore.UnflushedBytes"/>
    public long UnflushedBytes => unflushedBytes;

    /// <inheritdoc cref="IKvStore.DataBytes"/>
    public long DataBytes => dataBytes;
}
