namespace RaftKv.Embedded.Storage;

/// <summary>What this node knows of the data directory of a peer. A peer that reports less has an older copy of its directory.</summary>
/// <param name="Incarnation">The identity of the directory.</param>
/// <param name="Starts">The number of the newest start that the peer announced, see <see cref="StartHistory.Count"/>.</param>
/// <param name="StartId">The random id of that start.</param>
/// <param name="Term">The newest term that the peer had made durable.</param>
/// <param name="HasVoted">Whether the peer had made a vote of that term durable.</param>
/// <param name="Match">
/// The last entry of its log that the peer acknowledged as durable to this node while this node led that term; 0 if none.
/// </param>
internal readonly record struct PeerRecord(Guid Incarnation, long Starts, long StartId, long Term, bool HasVoted, long Match);
