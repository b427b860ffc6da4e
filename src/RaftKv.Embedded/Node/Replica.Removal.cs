using RaftKv.Embedded.Consensus;

namespace RaftKv.Embedded.Node;

/// <summary>A node that was removed from its cluster keeps its data, and ends at once every call that needs the cluster.</summary>
internal sealed partial class Replica
{
    /// <summary>
    /// What waits when the removal becomes known is ended once all that is committed is applied here: until then, the outcome of a write may still come out. No later
    /// entry reaches this node.
    /// </summary>
    private void SweepRemoved()
    {
        if (!_context.IsRemoved || _context.Applier.AppliedIndex < _context.Core!.CommitIndex)
            return;
        while (_unsequenced.TryDequeue(out var waiting))
            waiting.TryFail(Errors.Removed(_context.NodeId));
        FailReads(Errors.Removed(_context.NodeId));
        if (_context.Dependencies.Pending.IsEmpty)
            return;
        _scratch.Clear();
        _context.Dependencies.Pending.CopyTo(_scratch);
        foreach (var write in _scratch)
            write.TryFail(write.Attempts == 0 ? Errors.Removed(_context.NodeId) : Errors.RemovedMidway(_context.NodeId));
        _scratch.Clear();
    }
}
