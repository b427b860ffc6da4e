using RaftKv.Embedded.Log;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Transport;

namespace RaftKv.Simulation.Clients;

/// <summary>An operator's call on one node, one attempt of what <c>RaftKvCluster</c> repeats.</summary>
internal sealed class AdminOperationCall : Call
{
    private readonly AdminCall _call;
    private readonly string _what;
    private readonly long _since;
    private readonly Action<AdminResult?> _done;

    public AdminOperationCall(Simulation run, SimNode node, AdminOperation operation, string nodeId, string address, Action<AdminResult?> done)
        : base(run, node, succeeded => { if (!succeeded) done(null); })
    {
        _done = done;
        _what = $"{operation} {nodeId}";
        _since = run.History.Last.Index;
        run.OperatorAnswers.OnAsked(operation, nodeId);
        _call = new AdminCall { Operation = operation, NodeId = nodeId, Address = address };
        run.Transcript.Add(node.Id, $"operator: {_what}");
        node.Replica.Post(_call);
        node.Calls.Add(this);
        node.Schedule();
    }

    /// <summary>
    /// While there are faults the leader may work on the call for any time; without faults the call must end within 60 s.
    /// </summary>
    protected override long? Limit => Run.Network.IsQuiet ? 60 * VirtualTime.Second : null;

    public override string ToString() => $"operator's call '{_what}'";

    protected override bool? TryEnd()
    {
        if (!_call.Done.IsCompleted)
            return null;
        var result = _call.Done.Result;
        Run.Transcript.Add(Node.Id, $"{_what}: {(result.Unknown ? "unknown" : result.Retry ? "retry" : result.Error?.ToString() ?? "done")} {result.Message}");
        Run.OperatorAnswers.OnAnswered(_call.Operation, _call.NodeId, _since, result);
        _done(result);
        return true;
    }

    protected override void Died() => Run.OperatorAnswers.OnAnswered(_call.Operation, _call.NodeId, _since, null);
}
