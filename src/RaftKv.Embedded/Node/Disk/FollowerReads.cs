using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Reads entries of the log and pieces of the newest snapshot from the disk, for followers that lag. The read thread does the reading.
/// </summary>
internal sealed class FollowerReads(ReplicaContext context, SnapshotExchange exchange)
{
    public void LoadEntries(ReadEntries read)
    {
        var durable = context.Core!.DurableIndex;
        context.Parts.Reader.Post(() =>
        {
            var entries = new List<LogEntry>();
            context.Wal.Read(read.From, durable, read.MaxBytes, entries);
            ReadOnlyMemory<LogEntry> found = entries.ToArray();
            context.Post(new CoreAnswer(now => new EntriesRead(now, read.Peer, read.From, found)));
        });
    }

    public void LoadChunk(ReadSnapshotChunk read) =>
        exchange.Read(read.Offset > 0 ? read.Last : default, read.Offset, read.MaxBytes, piece => new CoreAnswer(
            now => new SnapshotChunkRead(now, read.Peer, piece.Last, piece.TotalBytes, piece.Offset, piece.Data)));
}
