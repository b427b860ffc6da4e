using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Snapshots on their way between nodes: reads the pieces that another node asks for, stores the pieces that another node sends, and loads
/// a snapshot that is complete. For a follower that lags, and for a quarantined node. Holder of the turn, unless a member says otherwise.
/// </summary>
internal sealed class SnapshotExchange(ReplicaContext context)
{
    /// <summary>Snapshot thread. The snapshot for which there was no room, so that the log says so once.</summary>
    private EntryId _noRoomFor;

    /// <summary>Reads a piece of a snapshot on the read thread.</summary>
    /// <param name="last">Which snapshot; default is the newest one.</param>
    /// <param name="offset">Where the piece begins.</param>
    /// <param name="maxBytes">How long the piece may be.</param>
    /// <param name="answer">Makes the input that has the piece; called on the read thread.</param>
    public void Read(EntryId last, long offset, int maxBytes, Func<SnapshotPiece, ReplicaInput> answer) =>
        context.Parts.Reader.Post(() =>
        {
            var snapshot = last != default ? last : NewestSnapshot();
            var buffer = new byte[maxBytes];
            var count = context.Snapshots.ReadChunk(snapshot, offset, buffer, out var total);
            context.Post(answer(new SnapshotPiece(snapshot, total, offset, buffer.AsMemory(0, count))));
        });

    /// <summary>Stores a received piece on the snapshot thread.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="answer">
    /// Makes the input that says which byte is wanted next; called on the snapshot thread. -1: the disk has no room, and what was received
    /// of the snapshot is deleted.
    /// </param>
    public void Store(SnapshotPiece piece, Func<long, ReplicaInput> answer) =>
        context.Parts.Snapshotter.Post(() => context.Post(answer(Store(piece))));

    /// <summary>
    /// Verifies a snapshot that was received completely, and loads it on the snapshot thread, beside the state in use.
    /// </summary>
    /// <param name="last">Which snapshot.</param>
    /// <param name="from">The node that sent it, for the log.</param>
    /// <param name="loaded">Takes the new state; called on the snapshot thread.</param>
    /// <param name="refused">
    /// Called on the snapshot thread: the snapshot is damaged, another one took its place on this disk, or the disk has no room for its
    /// records. It must be sent again.
    /// </param>
    public void Load(EntryId last, string from, Action<KvStateMachine> loaded, Action<Exception> refused) =>
        context.Parts.Snapshotter.Post(() =>
        {
            KvStateMachine restored;
            try
            {
                restored = StartupRecovery.LoadReceived(context.Snapshots, last, context.Identity.ClusterId, context.Ports.Stores,
                    context.Ports.ShutdownToken);
            }
            catch (OperationCanceledException) when (context.Ports.ShutdownToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (
                e is InvalidOperationException or RaftKvStorageException { Error: RaftKvStorageError.Damaged or RaftKvStorageError.DiskFull })
            {
                context.Log.SnapshotRefused(context.NodeId, last.Index, from, e.Message);
                refused(e);
                return;
            }
            loaded(restored);
        });

    /// <summary>Snapshot thread. Returns which byte is wanted next.</summary>
    private long Store(SnapshotPiece piece)
    {
        try
        {
            context.Snapshots.BeginReceive(piece.Last, piece.TotalBytes);
            return context.Snapshots.WriteChunk(piece.Last, piece.Offset, piece.Data.Span);
        }
        catch (RaftKvStorageException e) when (e.Error == RaftKvStorageError.DiskFull)
        {
            // The received part takes room that this node needs to recover. All of it is sent again later.
            context.Snapshots.AbandonReceive();
            if (_noRoomFor != piece.Last)
                context.Log.SnapshotFailed(context.NodeId, piece.Last.Index, e.Message);
            _noRoomFor = piece.Last;
            return -1;
        }
    }

    private EntryId NewestSnapshot() => context.Snapshots.List() is [var newest, ..] ? newest.Last : default;
}
