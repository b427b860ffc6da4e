namespace RaftKv.Embedded.Replica;

/// <summary>
/// All linearizable reads that arrived while the replica was busy: one read index serves them all, and one task completes them all.
/// </summary>
internal sealed class ReadBatch(long deadline) : ReplicaInput
{
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when this node's own copy is fresh enough to be read.</summary>
    public Task Ready => _ready.Task;

    public long Deadline => deadline;

    /// <summary>How many reads share it.</summary>
    public int Readers { get; set; }

    /// <summary>What the core knows it by; changes with each attempt.</summary>
    public long Id { get; set; }

    /// <summary>Set once the quorum has answered; then only the applier is waited for.</summary>
    public long Index { get; set; } = -1;

    public void Complete() => _ready.TrySetResult();

    public void Fail(Exception error)
    {
        // Nobody may have joined: an exception nobody looks at is not an event for the host.
        if (_ready.TrySetException(error))
            _ = _ready.Task.Exception;
    }
}
