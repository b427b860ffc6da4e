using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Transport;

/// <summary>
/// The leader tells the other members, each second, how far the log of each member is and when the member was last heard. A node that does
/// not know the message ignores it.
/// </summary>
/// <param name="Term">The leader's term.</param>
/// <param name="LastIndex">The last entry of the leader's log.</param>
/// <param name="Members">All members but the leader.</param>
internal sealed record MemberReport(long Term, long LastIndex, IReadOnlyList<ReportedMember> Members) : PeerMessage;
