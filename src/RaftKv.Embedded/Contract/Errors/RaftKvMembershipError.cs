namespace RaftKv.Embedded;

/// <summary>Why a change of the members, or a transfer of the leadership, was refused.</summary>
public enum RaftKvMembershipError
{
    /// <summary>Another change is not finished yet.</summary>
    ChangeInProgress = 0,

    /// <summary>No member has this node id.</summary>
    UnknownMember = 1,

    /// <summary>The node id is a member already, at another address, or it was made a learner while it was to become a voter.</summary>
    MemberExists = 2,

    /// <summary>
    /// No quorum of the voters before the change, or of those after it, has answered the leader within two election timeouts after the
    /// call. Nothing was changed.
    /// </summary>
    WouldLoseQuorum = 3,

    /// <summary>The last voter cannot be removed.</summary>
    LastVoter = 4,

    /// <summary>The node belongs to another cluster, or has a history of its own.</summary>
    ForeignNode = 5,

    /// <summary>The new node could not be reached, or did not catch up in time; it stays a learner, which costs no quorum.</summary>
    NotCaughtUp = 6,

    /// <summary>
    /// The node cannot lead: it is a learner, or it has not answered the leader after the call. The old leader still leads.
    /// </summary>
    NotEligible = 7,

    /// <summary>The transfer did not finish in time; the old leader still leads, and the successor may take over later.</summary>
    TransferTimedOut = 8,

    /// <summary>The node runs a version that does not understand what this cluster has in its log.</summary>
    TooOld = 9,
}
