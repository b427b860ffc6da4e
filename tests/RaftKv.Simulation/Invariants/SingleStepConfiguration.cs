using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;

namespace RaftKv.Simulation.Invariants;

/// <summary>
/// Configurations that follow each other differ by at most one voter, so their quorums overlap; and a leader begins no change before the
/// one before it, and an entry of its own term, are committed (dissertation §4.1; Ongaro on raft-dev, 2015).
/// </summary>
internal sealed class SingleStepConfiguration : Invariant
{
    private readonly PerNode<(int Life, long Index, ClusterConfiguration Configuration, RaftRole Role, long Term)> _seen = new();

    public override void AfterStep(SimNode node)
    {
        if (node.Core is not { } core)
            return;
        var now = (node.Life, core.ConfigurationIndex, core.Configuration, core.Role, core.Term);
        ref var before = ref _seen[node];
        if (before.Life == node.Life && before.Index < core.ConfigurationIndex
            && before is { Role: RaftRole.Leader } && core.Role == RaftRole.Leader && before.Term == core.Term)
        {
            if (before.Index > core.CommitIndex)
                throw new BrokenInvariantException("Single-step configuration", $"{node.Id} begins change {core.ConfigurationIndex} while change {before.Index} is not committed ({core.CommitIndex} is)");
            if (core.TermAt(core.CommitIndex) != core.Term)
                throw new BrokenInvariantException("Single-step configuration", $"{node.Id} begins change {core.ConfigurationIndex} in term {core.Term}, of which nothing is committed");
            var changed = before.Configuration.Members.Where(m => m.IsVoter).Select(m => (m.NodeId, m.Incarnation)).ToHashSet();
            changed.SymmetricExceptWith(core.Configuration.Members.Where(m => m.IsVoter).Select(m => (m.NodeId, m.Incarnation)));
            if (changed.Count > 1)
                throw new BrokenInvariantException("Single-step configuration", $"{node.Id} goes from {before.Configuration} to {core.Configuration} in one step");
        }
        before = now;
    }
}
