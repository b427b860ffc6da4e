namespace RaftKv.Embedded;

/// <summary>What a node is doing.</summary>
public enum RaftKvRole
{
    /// <summary>
    /// Has no cluster yet: waits to be joined, for its peers' first start, or for its own first write
    /// (<see cref="RaftKvOptions.Bootstrap"/>, <see cref="RaftKvStatus.WaitsFor"/>).
    /// </summary>
    Unformed = 0,

    /// <summary>Receives the log, does not vote.</summary>
    Learner = 1,

    /// <summary>Follows a leader, or waits for one.</summary>
    Follower = 2,

    /// <summary>Stands for election.</summary>
    Candidate = 3,

    /// <summary>Leads.</summary>
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
