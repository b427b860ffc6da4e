namespace RaftKv.Embedded.Consensus;

/// <summary>What a replica is doing in its term.</summary>
internal enum RaftRole : byte
{
    Learner,
    Follower,
    PreCandidate,
    Candidate,
    Leader,

    /// <summary>Knows, by a committed entry or by a notice of a peer, that it is no longer a member.</summary>
    Removed,
}
