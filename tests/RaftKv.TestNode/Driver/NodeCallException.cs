using RaftKv.Embedded;
using RaftKv.TestNode.Protocol;

namespace RaftKv.TestNode.Driver;

/// <summary>A command failed in the node's process.</summary>
public sealed class NodeCallException(string nodeId, NodeError error)
    : Exception($"{nodeId}: {error.Type}{(error.Reason is null ? "" : $" ({error.Reason})")}: {error.Message}")
{
    public NodeError Error { get; } = error;

    /// <summary>Whether a write that failed so may have taken effect.</summary>
    public bool IsUnknown => Error.Outcome == KvOutcome.Unknown || Error.Type is nameof(OperationCanceledException) or nameof(TaskCanceledException);

    /// <summary>Whether the node accepted no more calls: as with a refused connection, nothing was called.</summary>
    public bool IsClosed => Error.Type == nameof(Node.CallsClosedException);

    public override string ToString() => $"{base.ToString()}{Environment.NewLine}in {nodeId}: {Error.Details}";
}

/// <summary>The node's process ended before it answered: what it was doing may or may not have happened.</summary>
public sealed class NodeDiedException(string nodeId) : Exception($"{nodeId} died before it answered.");

/// <summary>The node does not run: nothing was sent.</summary>
public sealed class NodeDownException(string nodeId) : Exception($"{nodeId} does not run.");
