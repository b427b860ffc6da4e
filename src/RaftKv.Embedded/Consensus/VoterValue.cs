namespace RaftKv.Embedded.Consensus;

/// <summary>What a leader knows of each voter, and takes a quorum of.</summary>
internal enum VoterValue
{
    /// <summary>Up to here its durable log agrees with the leader's.</summary>
    Match,

    /// <summary>The newest heartbeat round that it has answered.</summary>
    Round,

    /// <summary>When it was last heard, in ticks.</summary>
    HeardAt,
}
