namespace RaftKv.Embedded.Log;

/// <summary>What a member may do. The numbers are part of the configuration's format.</summary>
internal enum MemberRole : byte
{
    /// <summary>Votes and counts for the quorum.</summary>
    Voter = 1,

    /// <summary>Receives the log only (dissertation §4.2.1).</summary>
    Learner = 2,

    /// <summary>A learner that the leader makes a voter once it has caught up.</summary>
    Joining = 3,
}
