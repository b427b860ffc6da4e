using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;

namespace RaftKv.Simulation.Invariants;

/// <summary>
/// The configuration in force on a node is the newest of its snapshot and its log (dissertation §4.1): when its entry is truncated, it is
/// no longer in force, and an installed snapshot brings its own.
/// </summary>
internal sealed class ConfigurationInForce(Simulation run) : Invariant
{
    private readonly PerNode<(int Life, long Index, long Term, long CommittedIndex, ClusterConfiguration Configuration)> _seen = new();

    public override void AfterStep(SimNode node)
    {
        if (node.Core is not { } core)
            return;
        var (index, term) = (core.ConfigurationIndex, core.TermAt(core.ConfigurationIndex));
        if (index > core.LastIndex)
            Break(node, core, $"and its log ends at {core.LastIndex}");
        var committed = run.History.ConfigurationAt(core.CommitIndex);
        var now = (node.Life, index, term, committed.Index, core.Configuration);
        var before = _seen[node];
        if (before != now)
        {
            _seen[node] = now;
            if (before.Life == node.Life && ReferenceEquals(before.Configuration, core.Configuration) && before.Index == index && before.Term > 0 && term > 0 && before.Term != term)
                Break(node, core, $"and its entry, of term {before.Term}, has been replaced by one of term {term}");
            if (index < committed.Index)
                Break(node, core, $"and {core.CommitIndex} is committed, with the configuration of {committed.Index}");
            if (index == committed.Index && !core.Configuration.Encode().AsSpan().SequenceEqual(committed.Configuration.Encode()))
                Break(node, core, $"and committed there is {committed.Configuration}");
        }
    }

    private static void Break(SimNode node, RaftCore core, string how) =>
        throw new BrokenInvariantException("Configuration in force", $"on {node.Id} configuration {core.ConfigurationIndex} is in force, {core.Configuration}, {how}");
}
