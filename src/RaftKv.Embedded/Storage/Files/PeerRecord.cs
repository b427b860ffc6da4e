namespace RaftKv.Embedded.Storage;

/// <summary>
/// What this node has seen of the data directory of a peer. All of it only ever rises, unless the directory goes back in time.
/// </summary>
/// <param name="Incarnation">The identity of the directory.</param>
/// <param name="Starts">The newest start that the peer introduced, counted by the directory.</param>
/// <param name="StartId">The random id of that start.</param>
/// <param name="Term">The newest term that the peer had made durable.</param>
/// <param name="HasVoted">Whether it had made a vote of that term durable.</param>
/// <param name="Match">How much of its log it acknowledged as durable to this node, as the leader of that term; 0 is nothing.</param>
internal readonly record struct PeerRecord(Guid Incarnation, long Starts, long StartId, long Term, bool HasVoted, long Match);
