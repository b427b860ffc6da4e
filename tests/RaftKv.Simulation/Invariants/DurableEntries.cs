using RaftKv.Embedded.Log;

namespace RaftKv.Simulation.Invariants;

/// <summary>
/// What a node takes to be on its disk is there, and is still there when its process starts again: it has everything that it may have
/// acknowledged, or it does not start at all.
/// </summary>
internal sealed class DurableEntries : Invariant
{
    private readonly PerNode<(int Life, EntryId Durable)> _seen = new();

    public override void AfterStep(SimNode node)
    {
        if (node.Core is not { } core)
            return;
        var durable = new EntryId(core.TermAt(core.DurableIndex), core.DurableIndex);
        ref var seen = ref _seen[node];
        if (seen == (node.Life, durable))
            return;
        seen = (node.Life, durable);
        if (!node.HasDurably(durable, node.Identity.Incarnation))
            throw new BrokenInvariantException("Durable entries", $"{node.Id} takes {durable} to be on its disk, and it is not");
    }

    /// <summary>A process has found what its disk has, and is about to take part.</summary>
    /// <param name="node">The node.</param>
    /// <param name="kept">The entries that were on the disk when the process before it died.</param>
    /// <param name="keptSnapshot">The end of the snapshot that was on the disk then.</param>
    /// <param name="found">What this process starts from; <c>null</c> is nothing.</param>
    public static void CheckKept(SimNode node, IReadOnlyDictionary<long, long> kept, long keptSnapshot, RaftStart? found)
    {
        var (last, snapshot) = (found?.LastIndex ?? 0, found?.Snapshot.Index ?? 0);
        // A damaged snapshot is set aside; what the log does not have of it was not acknowledged.
        if (last < keptSnapshot && !node.IsDamaged)
            throw new BrokenInvariantException("Durable entries", $"{node.Id} had a snapshot up to {keptSnapshot}, and starts with {last}");
        // An installed snapshot that conflicts with the log discards the whole log (Raft §7), also when the process dies between the two
        // steps.
        if (found is not null && kept.TryGetValue(snapshot, out var before) && before != found.Snapshot.Term)
            return;
        foreach (var (index, term) in kept)
        {
            if (index > snapshot && TermAt(found, index) != term)
                throw new BrokenInvariantException("Durable entries", $"{node.Id} had entry {new EntryId(term, index)} on its disk, and starts with a log that ends at {last} without it");
        }
    }

    private static long TermAt(RaftStart? found, long index)
    {
        if (found is null || index > found.LastIndex)
            return -1;
        var term = found.LogBase.Term;
        foreach (var start in found.TermStarts)
        {
            if (start.Index <= index)
                term = start.Term;
        }
        return term;
    }
}
