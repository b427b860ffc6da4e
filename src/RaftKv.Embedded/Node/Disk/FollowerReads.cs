using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Reads entries of the log and pieces of the newest snapshot from the disk, for followers that are behind. The reading is done by the read
/// thread.
/// </summary>
internal sealed class FollowerReads(ReplicaContext context)
{
    private const int StatePieceBytes = 1024 * 1024;

    public void LoadEntries(ReadEntries read)
    {
        var durable = context.Core!.DurableIndex;
        context.Dependencies.Reader.Post(() =>
        {
            var entries = new List<LogEntry>();
            context.Wal.Read(read.From, durable, read.MaxBytes, entries);
            ReadOnlyMemory<LogEntry> found = entries.ToArray();
            context.Post(new CoreAnswer(now => new EntriesRead(now, read.Peer, read.From, found)));
        });
    }

    public void LoadChunk(ReadSnapshotChunk read) => context.Dependencies.Reader.Post(() =>
    {
        var last = read.Offset > 0 ? read.Last : NewestSnapshot();
        var data = ReadPiece(last, read.Offset, read.MaxBytes, out var total);
        context.Post(new CoreAnswer(now => new SnapshotChunkRead(now, read.Peer, last, total, read.Offset, data)));
    });

    /// <summary>A piece of the snapshot that replaces the state of a quarantined member.</summary>
    public void LoadStatePiece(string to, StateRequest request) => context.Dependencies.Reader.Post(() =>
    {
        var last = request.Last != default ? request.Last : NewestSnapshot();
        var data = ReadPiece(last, request.Offset, StatePieceBytes, out var total);
        context.Post(new ReplyWanted(to, new StatePiece(last, total, request.Offset, data)));
    });

    private ReadOnlyMemory<byte> ReadPiece(EntryId last, long offset, int maxBytes, out long total)
    {
        var buffer = new byte[maxBytes];
        var count = context.Snapshots.ReadChunk(last, offset, buffer, out total);
        return buffer.AsMemory(0, count);
    }

    private EntryId NewestSnapshot() => context.Snapshots.List() is [var newest, ..] ? newest.Last : default;
}
