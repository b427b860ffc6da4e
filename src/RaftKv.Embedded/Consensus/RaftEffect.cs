using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Consensus;

/// <summary>
/// Something the replica must do. The order of the list is the contract: <see cref="SaveVote"/> is a barrier for every <see cref="Send"/>
/// listed after it, in this step and the following ones; <see cref="SaveVote"/>, <see cref="Append"/> and <see cref="ResetLog"/> reach the
/// disk in their order; everything else may run at its own pace. The entries of an <see cref="Append"/> and of an
/// <see cref="AppendEntries"/> are there until the next step only. Code that needs them longer copies them.
/// </summary>
internal abstract record RaftEffect;

/// <summary>
/// Make term, vote and the length of the longest promise to a leader durable, in one record. Nothing sent afterwards leaves before it is.
/// </summary>
internal sealed record SaveVote(long Term, string? VotedFor, int PromiseMs = 0) : RaftEffect;

/// <summary>
/// Append to the log and make it durable; completion comes back as <see cref="Appended"/>. When the first entry's index is not after the
/// last index of the log, the entries from that index on are replaced.
/// </summary>
internal sealed record Append(ReadOnlyMemory<LogEntry> Entries) : RaftEffect;

/// <summary>Give a message to the transport. It may be lost.</summary>
internal sealed record Send(string To, RaftMessage Message) : RaftEffect;

/// <summary>
/// These entries are committed: apply them in order. Ranges never overlap and leave no gap. Read them from the core, or from disk when
/// they are no longer in memory.
/// </summary>
internal sealed record Apply(long From, long To) : RaftEffect;

/// <summary>A read may be served once the state machine has applied <paramref name="Index"/>.</summary>
internal sealed record ReadReady(long Id, long Index) : RaftEffect;

/// <summary>A read could not be confirmed: no leader is known, or it changed. Ask again.</summary>
internal sealed record ReadFailed(long Id) : RaftEffect;

/// <summary>
/// Commands of a <see cref="Proposed"/> event were not appended: this node does not lead, is handing over, or has no room.
/// </summary>
internal sealed record ProposalRefused(IReadOnlyList<ReadOnlyMemory<byte>> Commands, string? From, RefusalReason Reason) : RaftEffect;

/// <summary>
/// A change of membership or a transfer is over; without <paramref name="Error"/> it succeeded. <paramref name="Retry"/>: the refusal holds
/// only for this moment or this node; ask again, or ask the leader.
/// </summary>
/// <param name="Unknown">The change is in the log of this node, which leads no more: it may be carried out or not.</param>
internal sealed record RequestCompleted(
    long Id, RaftKvMembershipError? Error, string Message, bool Retry = false, bool Unknown = false) : RaftEffect;

/// <summary>Read log entries for a peer that needs older ones than are kept in memory; answered by <see cref="EntriesRead"/>.</summary>
internal sealed record ReadEntries(string Peer, long From, int MaxBytes) : RaftEffect;

/// <summary>
/// Read a piece of the newest snapshot for a peer that needs entries from before the log; answered by <see cref="SnapshotChunkRead"/>.
/// Offset 0 picks the newest snapshot, a later offset continues <paramref name="Last"/>.
/// </summary>
internal sealed record ReadSnapshotChunk(string Peer, EntryId Last, long Offset, int MaxBytes) : RaftEffect;

/// <summary>
/// A peer has had all of a snapshot and refused it: check whether it is damaged on this node. If so, another one is taken in its place.
/// </summary>
internal sealed record CheckSnapshot(EntryId Last) : RaftEffect;

/// <summary>Store a received piece; answered by <see cref="SnapshotChunkWritten"/>.</summary>
internal sealed record WriteSnapshotChunk(string From, EntryId Last, long TotalBytes, long Offset, ReadOnlyMemory<byte> Data) : RaftEffect;

/// <summary>All pieces are here: verify, load, make durable and swap in; answered by <see cref="SnapshotInstalled"/>.</summary>
internal sealed record InstallReceivedSnapshot(string From, EntryId Last) : RaftEffect;

/// <summary>
/// The log restarts after a snapshot that is durable and installed: drop everything, the next entry is <paramref name="Base"/>.Index + 1.
/// </summary>
internal sealed record ResetLog(EntryId Base) : RaftEffect;

/// <summary>Entries before <paramref name="First"/> are covered by a durable snapshot and not needed any more.</summary>
internal sealed record TruncatePrefix(long First) : RaftEffect;

/// <summary>
/// A peer in contact still needed these entries, and they take too much of the disk: they are cut off, and it must be sent a newer
/// snapshot.
/// </summary>
internal sealed record PeerLeftBehind(string Peer, long Needed, long KeptFrom) : RaftEffect;

/// <summary>Role, term or leader changed; with the cause in words, for the log and the status.</summary>
internal sealed record RoleChanged(RaftRole Role, long Term, string? LeaderId, string Cause) : RaftEffect;

/// <summary>
/// A peer's disk no longer has the entries up to <paramref name="Acknowledged"/> that the peer acknowledged; its log ends near
/// <paramref name="Last"/>. The leader counts it for no quorum and takes its vote by a configuration entry when a quorum is in contact
/// without it.
/// </summary>
internal sealed record EntriesLost(string Peer, long Acknowledged, EntryId Last) : RaftEffect;

/// <summary>Another configuration is in force (appended, not necessarily committed).</summary>
internal sealed record ConfigurationChanged(ClusterConfiguration Configuration, long Index) : RaftEffect;
