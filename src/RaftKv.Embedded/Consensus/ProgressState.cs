namespace RaftKv.Embedded.Consensus;

/// <summary>How a leader feeds a peer.</summary>
internal enum ProgressState : byte
{
    /// <summary>Looks for the place where the logs agree, one message at a time.</summary>
    Probe,

    /// <summary>Sends entries as they come, without waiting for answers, up to a window.</summary>
    Replicate,

    /// <summary>Sends a snapshot, because the log no longer reaches back far enough.</summary>
    Snapshot,
}
