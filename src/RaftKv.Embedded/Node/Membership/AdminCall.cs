using RaftKv.Embedded.Log;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>An operator's call: of this node's own caller, or forwarded by a peer.</summary>
internal sealed class AdminCall : ReplicaInput
{
    private readonly TaskCompletionSource<AdminResult> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public required AdminOperation Operation { get; init; }

    public required string NodeId { get; init; }

    public string Address { get; init; } = "";

    /// <summary>The peer that forwarded it, which knows the call by <see cref="ReplyId"/>.</summary>
    public string? ReplyTo { get; init; }

    public long ReplyId { get; init; }

    /// <summary>When it was last forwarded, in monotonic ticks.</summary>
    public long ForwardedAt { get; set; }

    /// <summary>The introduction of the node at <see cref="Address"/>, once the leader has it.</summary>
    public PeerHello? Probed { get; set; }

    /// <summary>No node answered at <see cref="Address"/>.</summary>
    public bool HasNoAnswer { get; set; }

    public Task<AdminResult> Done => _done.Task;

    /// <summary>Called with the result, on the thread that completes the call.</summary>
    public Action<AdminResult>? Ended { get; init; }

    public void Complete(AdminResult result)
    {
        if (_done.TrySetResult(result))
            Ended?.Invoke(result);
    }
}
