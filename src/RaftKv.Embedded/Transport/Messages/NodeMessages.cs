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
/// Some of the writes in the next <see cref="ForwardWrites"/> of this sender are traced: where the leader's spans belong. A node that does
/// not know the message passes it over.
/// </summary>
internal sealed record ForwardTraces(IReadOnlyList<TraceParent> Parents) : PeerMessage
{
    public override bool IsBulk => true;
}

/// <summary>These forwarded writes were not appended.</summary>
internal sealed record ForwardRefused(RefusalReason Reason, IReadOnlyList<long> Sequences) : PeerMessage;

/// <summary>
/// A member tells its leader, each second, how much room its disk has above its reserve; negative when there is less. A node that does not
/// know the message passes it over.
/// </summary>
/// <param name="Room">In bytes.</param>
/// <param name="TakesEntries">Whether there is room for entries. Without it entries are sent only if nothing commits otherwise.</param>
/// <param name="SnapshotRoom">How many bytes a snapshot may have that is sent to it now.</param>
internal sealed record DiskReport(long Room, bool TakesEntries, long SnapshotRoom) : PeerMessage;

/// <summary>An operator's call, made on another node than the leader.</summary>
/// <param name="Id">Repeated in the answer.</param>
/// <param name="Operation">What.</param>
/// <param name="NodeId">On whom; empty where not needed.</param>
/// <param name="Address">Where; empty where not needed.</param>
internal sealed record AdminRequest(long Id, AdminOperation Operation, string NodeId, string Address) : PeerMessage;

/// <summary>
/// Answers <see cref="AdminRequest"/>; <paramref name="Error"/> of -1 is success, -2 is "not the leader", -3 is "perhaps, ask again",
/// others are <see cref="RaftKvMembershipError"/>.
/// </summary>
internal sealed record AdminReply(long Id, int Error, string Message) : PeerMessage;

/// <summary>
/// What the sender's wall clock shows, in Unix milliseconds: told when a connection is made, and again every few seconds. A node that does
/// not know the message ignores it.
/// </summary>
internal sealed record WallClock(long UnixMs) : PeerMessage;
