namespace RaftKv.Embedded;

/// <summary>The role of a node.</summary>
public enum RaftKvRole
{
    /// <summary>
    /// Has no cluster yet: waits to be added to one, for its peers' first start, or for its own first write
    /// (<see cref="RaftKvOptions.Bootstrap"/>, <see cref="RaftKvStatus.WaitsFor"/>).
    /// </summary>
    Unformed = 0,

    /// <summary>Receives the log, does not vote.</summary>
    Learner = 1,

    /// <summary>Follows a leader, or waits for one.</summary>
    Follower = 2,

    /// <summary>Asks for votes to become the leader.</summary>
    Candidate = 3,

    /// <summary>Leads the cluster.</summary>
    Leader = 4,

    /// <summary>Was removed from its cluster: keeps its data, neither votes nor campaigns.</summary>
    Removed = 5,

    /// <summary>Stopped taking part after an error; see <see cref="RaftKvStatus.Fault"/>.</summary>
    Faulted = 6,

    /// <summary>Stopped.</summary>
    Stopped = 7,

    /// <summary>Reads its data before it takes part: the snapshot, and where the log ends. Takes seconds for each GB.</summary>
    Opening = 8,
}
