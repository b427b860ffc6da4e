namespace RaftKv.Embedded.Node;

/// <summary>Why calls are refused, as the error that their callers get.</summary>
internal sealed class CallRefusals(ReplicaContext context, QuarantineState quarantine)
{
    /// <summary>The error that made the node stop taking part.</summary>
    public Exception? FaultCause { get; set; }

    /// <summary>Why this node takes no call that needs the cluster; <c>null</c> when it takes them.</summary>
    public RaftKvUnavailableException? OfAllCalls() => context.IsStopping ? Errors.Stopping()
        : quarantine.IsActive ? Errors.Quarantined()
        : context.IsRemoved ? Errors.Removed(context.NodeId)
        : null;

    /// <summary>Why a call that waited for the cluster is not served in its time.</summary>
    public RaftKvUnavailableException Unavailable() => context.Core is null
        ? Errors.NotFormed(context.Ports.Bootstrap?.WaitsFor)
        : context.IsRemoved
            ? Errors.Removed(context.NodeId)
            : context.Core.LeaderId is { } leader
                ? Errors.NoQuorum(leader, context.Options.RequestTimeout)
                : Errors.NoLeader(context.Options.RequestTimeout);

    /// <summary>Why a node in this role, faulted or stopped, serves no call.</summary>
    public Exception Of(RaftKvRole role, string why) => role == RaftKvRole.Faulted ? Errors.Faulted(why, FaultCause) : Errors.Stopping();
}
