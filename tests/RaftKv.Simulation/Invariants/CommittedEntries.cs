using RaftKv.Embedded;
using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;

namespace RaftKv.Simulation.Invariants;

/// <summary>What is committed is the same everywhere and for ever, and no node takes a commit back (Raft §5.4.3).</summary>
internal sealed class CommittedEntries(Simulation run) : Invariant
{
    private readonly PerNode<(int Life, long Commit)> _seen = new();
    private readonly PerNode<ClusterConfiguration?> _configurations = new();
    private readonly List<LogEntry> _entries = [];

    public override void AfterStep(SimNode node)
    {
        if (node.Core is not { } core)
            return;
        var found = _seen[node];
        var seen = found.Life == node.Life ? found.Commit : 0;
        if (core.CommitIndex < seen)
            throw new BrokenInvariantException("Committed entries", $"{node.Id} goes back from {seen} to {core.CommitIndex}");
        // What commits in a step commits by the configuration before it, or by one that arrived in it; a leader may append the next one in
        // the same step.
        ref var configuration = ref _configurations[node];
        var before = configuration ?? core.Configuration;
        configuration = core.Configuration;
        if (core.CommitIndex == seen)
            return;
        // The entry before the first one counts as well: it is where a log goes on from a snapshot.
        for (var index = Math.Max(seen + 1, Math.Max(core.FirstIndex - 1, 1)); index <= Math.Min(core.CommitIndex, run.History.Last.Index); index++)
        {
            if (core.TermAt(index) != run.History.TermAt(index))
                throw new BrokenInvariantException("Committed entries", $"{node.Id} commits {index} of term {core.TermAt(index)}, and it was committed with term {run.History.TermAt(index)}");
        }
        if (core.CommitIndex > run.History.Last.Index)
        {
            if (!TryExtend(node, core))
                return;
            DurableOnQuorum.Check(run, node, before, core.Configuration);
        }
        _seen[node] = (node.Life, core.CommitIndex);
    }

    /// <returns><c>false</c> when no node has the entries in a readable form now: the next step finds them.</returns>
    private bool TryExtend(SimNode node, RaftCore core)
    {
        _entries.Clear();
        var from = run.History.Last.Index + 1;
        // The beginning may be on disk only, after a restart, and the end in memory only.
        while (from <= core.CommitIndex && !core.TryCopyEntries(from, core.CommitIndex, _entries))
        {
            var count = Read(node, core, from);
            if (count == 0 && node.IsDamaged)
                return false;
            if (count == 0)
                break;
            from += count;
        }
        foreach (var entry in _entries)
            run.History.Commit(entry, core.Term);
        if (run.History.Last.Index != core.CommitIndex)
            throw new BrokenInvariantException("Committed entries", $"{node.Id} commits {core.CommitIndex} and does not have it");
        return true;
    }

    /// <summary>A node does not read again what it commits, so it commits also what a bit flip has damaged on its disk.</summary>
    private int Read(SimNode node, RaftCore core, long from)
    {
        try
        {
            return node.Wal.Read(from, core.CommitIndex, 1, _entries);
        }
        catch (RaftKvStorageException) when (node.IsDamaged)
        {
            var other = run.Nodes.FirstOrDefault(n => n != node && Has(n, from, core.TermAt(from)));
            return other?.Wal.Read(from, from, 1, _entries) ?? 0;
        }
    }

    private static bool Has(SimNode node, long index, long term) =>
        !node.IsDamaged && node.Core is { } core && index >= core.FirstIndex && index <= core.DurableIndex && core.TermAt(index) == term;
}
