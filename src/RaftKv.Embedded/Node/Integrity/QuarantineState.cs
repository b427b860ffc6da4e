namespace RaftKv.Embedded.Node;

/// <summary>
/// Whether this node's copy is in doubt. A quarantined node stays a member and serves no call until its state is replaced. The holder of
/// the turn writes, any thread reads.
/// </summary>
internal sealed class QuarantineState
{
    private volatile string? _reason;

    /// <summary>Why the node serves no call; <c>null</c> when it serves.</summary>
    public string? Reason { get => _reason; set => _reason = value; }

    public bool IsActive => _reason is not null;
}
