using RaftKv.Embedded.Consensus;

namespace RaftKv.Embedded.Node;

/// <summary>A node that was removed from its cluster keeps its data, and ends at once every call that needs the cluster.</summary>
internal sealed partial class Replica
{
    private bool IsRemoved => _core is { Role: RaftRole.Removed };

    /// <summary>
    /// What waits when the removal becomes known is ended once all that is committed is applied here: until then, the outcome of a write may still come out. No later
    /// entry reaches this node.
    /// </summary>
    private void SweepRemoved()
    {
        if (!IsRemoved || _parts.Applier.AppliedIndex < _core!.CommitIndex)
            return;
        while (_unsequenced.TryDequeue(out var waiting))
            waiting.TryFail(Errors.Removed(_options.NodeId));
        FailReads(Errors.Removed(_options.NodeId));
        if (_parts.Pending.IsEmpty)
            return;
        _scratch.Clear();
        _parts.Pending.CopyTo(_scratch);
        foreach (var write in _scratch)
            write.TryFail(write.Attempts == 0 ? Errors.Removed(_options.NodeId) : Errors.RemovedMidway(_options.NodeId));
        _scratch.Clear();
    }
}
