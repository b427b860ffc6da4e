using RaftKv.Embedded.Consensus;

namespace RaftKv.Simulation.Invariants;

/// <summary>
/// What is committed is the same everywhere and for ever (Raft §5.3 log matching, §5.4 state machine safety; RELIABILITY I2, I4), and an entry commits only
/// once a quorum of the configuration in force has it on disk (RELIABILITY I8).
/// </summary>
internal sealed class CommittedEntries
{
    private readonly Dictionary<(string Node, int Life), long> _seen = [];
    private readonly Dictionary<string, ClusterConfiguration> _configurations = [];
    private readonly List<LogEntry> _entries = [];

    public void Check(Simulation run, SimNode node, RaftCore core)
    {
        var history = run.History;
        var seen = _seen.GetValueOrDefault((node.Id, node.Life));
        if (core.CommitIndex < seen)
            throw new BrokenInvariantException("Committed entries", $"{node.Id} goes back from {seen} to {core.CommitIndex}");
        // What commits in a step commits by the configuration before it, or by one that arrived in it; a leader may append the next one in the same step.
        var before = _configurations.GetValueOrDefault(node.Id, core.Configuration);
        _configurations[node.Id] = core.Configuration;
        if (core.CommitIndex == seen)
            return;
        for (var index = Math.Max(seen + 1, core.FirstIndex); index <= Math.Min(core.CommitIndex, history.Last.Index); index++)
        {
            if (core.TermAt(index) != history.TermAt(index))
                throw new BrokenInvariantException("Committed entries", $"{node.Id} commits {index} of term {core.TermAt(index)}, and it was committed with term {history.TermAt(index)}");
        }
        if (core.CommitIndex > history.Last.Index)
            Extend(run, node, core, before);
        _seen[(node.Id, node.Life)] = core.CommitIndex;
    }

    private void Extend(Simulation run, SimNode node, RaftCore core, ClusterConfiguration before)
    {
        _entries.Clear();
        var from = run.History.Last.Index + 1;
        if (!core.TryCopyEntries(from, core.CommitIndex, _entries))
        {
            _entries.Clear();
            while (from <= core.CommitIndex && node.Wal.Read(from, core.CommitIndex, int.MaxValue, _entries) is var count and > 0)
                from += count;
        }
        foreach (var entry in _entries)
            run.History.Commit(entry, core.Term);
        if (run.History.Last.Index != core.CommitIndex)
            throw new BrokenInvariantException("Committed entries", $"{node.Id} commits {core.CommitIndex} and does not have it");
        if (!HasQuorum(run, before) && !HasQuorum(run, core.Configuration))
            throw new BrokenInvariantException("Durable on a quorum", $"{node.Id} commits {run.History.Last}, which is durable on no quorum of {core.Configuration}");
    }

    private static bool HasQuorum(Simulation run, ClusterConfiguration configuration) =>
        configuration.Members.Count(m => m.IsVoter && run.NodeAt(m.Address).HasDurably(run.History.Last)) >= configuration.Quorum;
}
