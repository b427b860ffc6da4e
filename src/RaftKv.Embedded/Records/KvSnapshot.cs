namespace RaftKv.Embedded.Records;

/// <summary>A state machine as it was at one entry. Taken on the apply thread, written on another thread, which disposes of it.</summary>
internal sealed class KvSnapshot(KvState state, IStoreCheckpoint records, long keyCount) : IDisposable
{
    public KvState State { get; } = state;

    public IStoreCheckpoint Records { get; } = records;

    /// <summary>The number of keys of the records.</summary>
    public long KeyCount { get; } = keyCount;

    public void Dispose() => Records.Dispose();
}
