namespace RaftKv.Embedded;

/// <summary>What a member may do.</summary>
public enum RaftKvMemberRole
{
    /// <summary>
    /// Votes, and counts for the quorum, once it has caught up (and while there are not <see cref="RaftKvOptions.TargetVoters"/> others).
    /// </summary>
    Voter = 0,

    /// <summary>Has all the data and serves all calls, and never votes: a copy for reading, or in a far place.</summary>
    Learner = 1,
}
