namespace RaftKv.Embedded;

/// <summary>The role of a member.</summary>
public enum RaftKvMemberRole
{
    /// <summary>
    /// Votes, and counts for the quorum, once it has caught up (and while there are not <see cref="RaftKvOptions.TargetVoters"/> others).
    /// </summary>
    Voter = 0,

    /// <summary>Has all the data and serves all calls, but never votes: for example a copy for reads, or one in a distant place.</summary>
    Learner = 1,
}
