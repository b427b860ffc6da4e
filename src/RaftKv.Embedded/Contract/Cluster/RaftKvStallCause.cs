namespace RaftKv.Embedded;

/// <summary>What held a node up.</summary>
public enum RaftKvStallCause
{
    /// <summary>A write or sync of the log to the disk.</summary>
    Fsync = 0,

    /// <summary>The garbage collector stopped all threads.</summary>
    Gc = 1,

    /// <summary>The thread pool, which runs the application's continuations, did not take work. Elections do not depend on it.</summary>
    ThreadPool = 2,

    /// <summary>The node did not hear from the leader, or there was no leader, although the node was running.</summary>
    Network = 3,

    /// <summary>The whole process did not run: it was suspended, or had no processor.</summary>
    Process = 4,

    /// <summary>Committed entries were not applied: for example because the disk of the store hangs.</summary>
    Apply = 5,
}
