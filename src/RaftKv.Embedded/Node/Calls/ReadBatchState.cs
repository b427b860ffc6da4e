namespace RaftKv.Embedded.Node;

/// <summary>What a batch of reads waits for.</summary>
internal enum ReadBatchState
{
    /// <summary>For a leader, or for the next request of a read index. Until it is taken by the replica, for more readers.</summary>
    Waiting,

    /// <summary>For its read index.</summary>
    Asked,

    /// <summary>For the repetition of its request, which failed.</summary>
    Failed,

    /// <summary>For the applier to reach its read index.</summary>
    Applying,

    /// <summary>For nothing: it is completed, or about to be.</summary>
    Ended,
}
