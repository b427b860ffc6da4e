using RaftKv.Embedded.Log;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>How old this node's data directory is, as it is told to peers, and what this node has seen of theirs.</summary>
/// <param name="own">The starts of this directory, this one included.</param>
/// <param name="recovered">What the directory held when this process started; <c>null</c> while it had no cluster.</param>
/// <param name="peers">What this node remembers of its peers.</param>
internal sealed class DirectoryAge(StartHistory own, RaftStart? recovered, PeerMemory peers)
{
    private readonly long[] _ids = [.. own.Ids.Take(PeerStart.MaxIds)];

    public PeerMemory Peers => peers;

    /// <summary>Counts this start, durably, before the node talks to a peer, and reads what it remembers of its peers.</summary>
    /// <param name="files">Synced whatever the durability of writes is: a power cut must not take back what peers have been told.</param>
    /// <param name="directory">The data directory.</param>
    /// <param name="startId">A random id of this start.</param>
    /// <param name="recovered">What the directory holds; <c>null</c> while it has no cluster.</param>
    /// <exception cref="RaftKvStorageException">The disk fails, or one of the two files is damaged or of a newer version.</exception>
    public static DirectoryAge Open(IFileSystem files, string directory, long startId, RaftStart? recovered) =>
        new(StartHistory.Begin(files, directory, startId), recovered, new PeerMemory(files, directory));

    /// <summary>What the node tells peers when it introduces itself.</summary>
    public PeerStart Describe(Guid predecessor, bool isLed) => new()
    {
        Count = own.Count,
        Ids = _ids,
        Term = recovered?.Term ?? 0,
        HasVoted = recovered?.VotedFor is not null,
        LastIndex = recovered?.LastIndex ?? 0,
        IsLed = isLed,
        ReplacedIncarnation = predecessor,
    };
}
