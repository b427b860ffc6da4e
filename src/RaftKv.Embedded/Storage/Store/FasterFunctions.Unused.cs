using FASTER.core;

namespace RaftKv.Embedded.Storage;

// Callbacks of FASTER that have nothing to do: there are no read-modify-writes, no checkpoints of FASTER, and no values with parts outside
// the log.
internal readonly unsafe partial struct FasterFunctions
{
    public void ReadCompletionCallback(
        ref SpanByte key, ref Empty input, ref FasterRead output, Empty context, Status status, RecordMetadata metadata) { }

    public void PostSingleWriter(
        ref SpanByte key, ref Empty input, ref SpanByte source, ref SpanByte target, ref FasterRead output,
        ref UpsertInfo upsertInfo, WriteReason reason) { }

    public bool NeedInitialUpdate(ref SpanByte key, ref Empty input, ref FasterRead output, ref RMWInfo rmwInfo) => false;

    public bool InitialUpdater(ref SpanByte key, ref Empty input, ref SpanByte value, ref FasterRead output, ref RMWInfo rmwInfo) => false;

    public void PostInitialUpdater(ref SpanByte key, ref Empty input, ref SpanByte value, ref FasterRead output, ref RMWInfo rmwInfo) { }

    public bool NeedCopyUpdate(
        ref SpanByte key, ref Empty input, ref SpanByte oldValue, ref FasterRead output, ref RMWInfo rmwInfo) => false;

    public bool CopyUpdater(
        ref SpanByte key, ref Empty input, ref SpanByte oldValue, ref SpanByte newValue, ref FasterRead output,
        ref RMWInfo rmwInfo) => false;

    public void PostCopyUpdater(
        ref SpanByte key, ref Empty input, ref SpanByte oldValue, ref SpanByte newValue, ref FasterRead output,
        ref RMWInfo rmwInfo) { }

    public bool InPlaceUpdater(ref SpanByte key, ref Empty input, ref SpanByte value, ref FasterRead output, ref RMWInfo rmwInfo) => false;

    public void RMWCompletionCallback(
        ref SpanByte key, ref Empty input, ref FasterRead output, Empty context, Status status, RecordMetadata metadata) { }

    public void PostSingleDeleter(ref SpanByte key, ref DeleteInfo deleteInfo) { }

    public bool ConcurrentDeleter(ref SpanByte key, ref SpanByte value, ref DeleteInfo deleteInfo) => true;

    public void DisposeSingleWriter(
        ref SpanByte key, ref Empty input, ref SpanByte source, ref SpanByte target, ref FasterRead output,
        ref UpsertInfo upsertInfo, WriteReason reason) { }

    public void DisposeCopyUpdater(
        ref SpanByte key, ref Empty input, ref SpanByte oldValue, ref SpanByte newValue, ref FasterRead output,
        ref RMWInfo rmwInfo) { }

    public void DisposeInitialUpdater(ref SpanByte key, ref Empty input, ref SpanByte value, ref FasterRead output, ref RMWInfo rmwInfo) { }

    public void DisposeSingleDeleter(ref SpanByte key, ref SpanByte value, ref DeleteInfo deleteInfo) { }

    public void DisposeDeserializedFromDisk(ref SpanByte key, ref SpanByte value) { }

    public void CheckpointCompletionCallback(int sessionId, string sessionName, CommitPoint commitPoint) { }
}
