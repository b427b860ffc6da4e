using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;

namespace RaftKv.Simulation.Invariants;

/// <summary>
/// A leader appends a configuration only when a quorum of its voters was alive in this leader's term (dissertation §4.4): voters that died
/// before the election have answered nothing, however recent that was. Otherwise it may append an entry that never commits, and the voters
/// that are left cannot elect another leader without that entry.
/// </summary>
internal sealed class ProvenQuorum(Simulation run) : Invariant
{
    private readonly PerNode<(int Life, long Term, long ElectedAt, long Index)> _leading = new();

    /// <summary>The time of the last step of each data directory that is gone.</summary>
    private readonly Dictionary<Guid, long> _gone = [];

    public override void AfterStep(SimNode node)
    {
        node.LastStepAt = run.Time.Now;
        if (node.Core is not { Role: RaftRole.Leader } core)
        {
            _leading[node] = default;
            return;
        }
        var (life, term, electedAt, index) = _leading[node];
        var isNew = life != node.Life || term != core.Term;
        if (isNew)
            electedAt = run.Time.Now;
        _leading[node] = (node.Life, core.Term, electedAt, core.ConfigurationIndex);
        if (isNew || index == core.ConfigurationIndex || index == 0)
            return;
        var alive = core.Configuration.Members.Count(m => m.IsVoter && LastStepOf(m) >= electedAt);
        if (alive < core.Configuration.Quorum)
            throw new BrokenInvariantException("Proven quorum", $"{node.Id} appends [{core.Configuration}] as {core.ConfigurationIndex}, of whose voters only {alive} did anything since its election");
    }

    public override void Forget(SimNode node) => _gone[node.LostIncarnation] = node.LastStepAt;

    private long LastStepOf(Member member)
    {
        var node = run.NodeAt(member.Address);
        return !node.IsBlank && node.Identity.Incarnation == member.Incarnation ? node.LastStepAt : _gone.GetValueOrDefault(member.Incarnation);
    }
}
