namespace RaftKv.Embedded.Consensus;

/// <summary>What a peer has acknowledged as durable.</summary>
/// <param name="Index">Up to here its durable log agrees with the leader's.</param>
/// <param name="Round">
/// The leader's newest heartbeat round when the acknowledgement came. A refusal that answers a later round was sent after the
/// acknowledgement.
/// </param>
internal readonly record struct Acknowledgement(long Index, long Round);
