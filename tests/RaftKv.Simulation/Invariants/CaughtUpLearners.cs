using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;

namespace RaftKv.Simulation.Invariants;

/// <summary>
/// A new member has no vote before its disk has the log up to the entry that added it, so that no quorum needs it before that (dissertation
/// §4.2.1).
/// </summary>
internal sealed class CaughtUpLearners(Simulation run) : Invariant
{
    private readonly PerNode<(int Life, long Term, long Index, ClusterConfiguration Configuration)> _leading = new();

    public override void AfterStep(SimNode node)
    {
        if (node.Core is not { Role: RaftRole.Leader } core)
        {
            _leading[node] = default;
            return;
        }
        ref var leading = ref _leading[node];
        var before = leading;
        leading = (node.Life, core.Term, core.ConfigurationIndex, core.Configuration);
        if (before.Life != node.Life || before.Term != core.Term || before.Index == core.ConfigurationIndex || before.Index < core.FirstIndex)
            return;
        foreach (var member in core.Configuration.Members)
        {
            if (member.IsVoter && before.Configuration.Find(member.NodeId) is { IsVoter: false }
                && !run.NodeAt(member.Address).HasDurably(new EntryId(core.TermAt(before.Index), before.Index), member.Incarnation))
            {
                throw new BrokenInvariantException("Caught-up learners", $"{node.Id} gives {member.NodeId} a vote, which does not have entry {before.Index} yet");
            }
        }
    }
}
