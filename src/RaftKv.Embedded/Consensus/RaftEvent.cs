using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Consensus;

/// <summary>Something that happened to a replica, and when. The only way to change a <see cref="RaftCore"/>.</summary>
internal abstract record RaftEvent(Moment Now);

/// <summary>The deadline the core asked for has come. Harmless when early.</summary>
internal sealed record TimePassed(Moment Now) : RaftEvent(Now);

/// <summary>A message of a peer arrived. May be old, repeated or out of order.</summary>
/// <param name="Incarnation">
/// The data directory that introduced itself on the connection that the message came on; empty when it is not known.
/// </param>
internal sealed record MessageReceived(Moment Now, string From, RaftMessage Message, Guid Incarnation = default) : RaftEvent(Now);

/// <summary>
/// Commands to append to the log. <paramref name="From"/> is the node that forwarded them: it is told of the commit at once.
/// </summary>
internal sealed record Proposed(Moment Now, IReadOnlyList<ReadOnlyMemory<byte>> Commands, string? From) : RaftEvent(Now);

/// <summary>
/// This node's disk has the log up to <paramref name="Last"/>; the term guards against an answer for entries since replaced.
/// </summary>
internal sealed record Appended(Moment Now, EntryId Last) : RaftEvent(Now);

/// <summary>The state machine has applied the log up to <paramref name="Index"/>.</summary>
internal sealed record Applied(Moment Now, long Index) : RaftEvent(Now);

/// <summary>
/// A caller on this node wants a linearizable read; answered by <see cref="ReadReady"/> or <see cref="ReadFailed"/> with the same id.
/// </summary>
internal sealed record ReadRequested(Moment Now, long Id) : RaftEvent(Now);

/// <summary>A caller wants reads from the read lease: for a while, followers are asked for the promises that the lease needs.</summary>
internal sealed record LeaseWanted(Moment Now) : RaftEvent(Now);

/// <summary>An operator wants another configuration; answered by <see cref="RequestCompleted"/> with the same id.</summary>
internal sealed record ChangeRequested(Moment Now, long Id, MembershipChange Change) : RaftEvent(Now);

/// <summary>An operator, or a stopping leader, requests a transfer of the leadership; <c>null</c> is the most advanced voter.</summary>
internal sealed record TransferRequested(Moment Now, long Id, string? To) : RaftEvent(Now);

/// <summary>
/// This node's data directory has gone back in time, and has another identity from now on: no vote and no acknowledgement of the old one
/// is its own.
/// </summary>
internal sealed record Reincarnated(Moment Now, Guid Incarnation) : RaftEvent(Now);

/// <summary>The connection to a peer was reset: a hint, not proof, that it is gone.</summary>
internal sealed record PeerDisconnected(Moment Now, string NodeId) : RaftEvent(Now);

/// <summary>A durable snapshot of this node's state machine exists at <paramref name="Last"/>.</summary>
/// <param name="Now">When.</param>
/// <param name="Last">The last entry it covers.</param>
/// <param name="Configuration">The newest configuration it covers.</param>
/// <param name="ConfigurationIndex">The entry of that configuration.</param>
/// <param name="KeepFrom">The first entry to keep in the log.</param>
/// <param name="KeepFromForPeers">
/// The first entry that may be kept for the sake of peers that are behind: those before would take too much of the disk.
/// </param>
internal sealed record SnapshotTaken(
    Moment Now, EntryId Last, ClusterConfiguration Configuration, long ConfigurationIndex, long KeepFrom, long KeepFromForPeers)
    : RaftEvent(Now);

/// <summary>
/// Whether a peer says that its disk has room for entries. One without room is sent none, unless it is needed for the quorum.
/// </summary>
/// <param name="Now">When.</param>
/// <param name="NodeId">The peer.</param>
/// <param name="HasRoom">Whether it takes entries.</param>
/// <param name="FitsSnapshot">Whether it has room for this node's newest snapshot.</param>
internal sealed record PeerRoomChanged(Moment Now, string NodeId, bool HasRoom, bool FitsSnapshot) : RaftEvent(Now);

/// <summary>Answers <see cref="ReadEntries"/>. Empty when the entries are gone meanwhile.</summary>
internal sealed record EntriesRead(Moment Now, string Peer, long From, ReadOnlyMemory<LogEntry> Entries) : RaftEvent(Now);

/// <summary>Answers <see cref="ReadSnapshotChunk"/>. <paramref name="TotalBytes"/> is 0 when there is no snapshot to read.</summary>
internal sealed record SnapshotChunkRead(
    Moment Now, string Peer, EntryId Last, long TotalBytes, long Offset, ReadOnlyMemory<byte> Data) : RaftEvent(Now);

/// <summary>
/// Answers <see cref="WriteSnapshotChunk"/>, each one: the next byte wanted, which is an earlier one when a chunk was refused; -1 when
/// there was no room for it.
/// </summary>
internal sealed record SnapshotChunkWritten(Moment Now, string From, EntryId Last, long NextOffset) : RaftEvent(Now);

/// <summary>
/// Answers <see cref="InstallReceivedSnapshot"/>: verified, durable and in force, or refused. <paramref name="LogTimeMs"/> is the log
/// time of its state.
/// </summary>
internal sealed record SnapshotInstalled(
    Moment Now, string From, EntryId Last, bool Ok, ClusterConfiguration? Configuration, long ConfigurationIndex, long LogTimeMs)
    : RaftEvent(Now);
