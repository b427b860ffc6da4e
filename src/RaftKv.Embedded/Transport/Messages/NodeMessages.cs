using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Transport;

/// <summary>
/// Writes of the sender's callers, for the leader to propose. The sender learns the outcome from the log itself, by session and sequence.
/// </summary>
/// <param name="Commands">Encoded commands, each with its session and sequence.</param>
internal sealed record ForwardWrites(IReadOnlyList<ReadOnlyMemory<byte>> Commands) : PeerMessage
{
    public override bool IsBulk => true;
}

/// <summary>
/// The parents of the leader's spans, for those writes in the next <see cref="ForwardWrites"/> of this sender that are traced. A node that
/// does not know the message ignores it.
/// </summary>
internal sealed record ForwardTraces(IReadOnlyList<TraceParent> Parents) : PeerMessage
{
    public override bool IsBulk => true;
}

/// <summary>These forwarded writes were not appended.</summary>
internal sealed record ForwardRefused(RefusalReason Reason, IReadOnlyList<long> Sequences) : PeerMessage;

/// <summary>
/// A member tells its leader, each second, how much room its disk has above its reserve; negative when there is less. A node that does not
/// know the message ignores it.
/// </summary>
/// <param name="Room">The bytes that are free above the reserve.</param>
/// <param name="TakesEntries">
/// Whether there is room for entries. Without room, entries are sent to the member only if nothing can be committed otherwise.
/// </param>
/// <param name="SnapshotRoom">How many bytes a snapshot may have that is sent to it now.</param>
internal sealed record DiskReport(long Room, bool TakesEntries, long SnapshotRoom) : PeerMessage;

/// <summary>A call of an operator that was made on a node which is not the leader.</summary>
/// <param name="Id">Repeated in the answer.</param>
/// <param name="Operation">The operation.</param>
/// <param name="NodeId">The node to which it applies; empty where not needed.</param>
/// <param name="Address">The address of that node; empty where not needed.</param>
internal sealed record AdminRequest(long Id, AdminOperation Operation, string NodeId, string Address) : PeerMessage;

/// <summary>
/// Answers <see cref="AdminRequest"/>; <paramref name="Error"/> of -1 is success, -2 is "not the leader", -3 is "perhaps, ask again",
/// others are <see cref="RaftKvMembershipError"/>.
/// </summary>
internal sealed record AdminReply(long Id, int Error, string Message) : PeerMessage;

/// <summary>
/// The time of the sender's wall clock, in Unix milliseconds. Sent when a connection is made, and again every few seconds. A node that does
/// not know the message ignores it.
/// </summary>
internal sealed record WallClock(long UnixMs) : PeerMessage;
