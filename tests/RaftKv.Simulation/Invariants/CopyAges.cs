namespace RaftKv.Simulation.Invariants;

/// <summary>
/// The age that a node reports for its copy is true: it has applied everything that was committed on any node before that time.
/// </summary>
internal sealed class CopyAges(Simulation run) : Invariant
{
    /// <summary>The end of the history at each time when it grew.</summary>
    private readonly List<(long At, long Committed)> _grown = [(0, 0)];

    public override void AfterStep(SimNode node)
    {
        if (run.History.Last.Index > _grown[^1].Committed)
            _grown.Add((run.Time.Now, run.History.Last.Index));
        if (node.Core is null || node.Replica.Age is not { Ticks: >= 0 } age)
            return;
        // The node's clock may be slow by a tenth, and what was committed in the last millisecond does not count yet.
        var before = run.Time.Now - (age.Ticks * 12 / 10) - VirtualTime.Millisecond;
        var committed = CommittedBefore(before);
        if (node.Applier.AppliedIndex < committed)
            throw new BrokenInvariantException("Ages of copies", $"{node.Id} says that its copy is {age.TotalMilliseconds:N1} ms old, has applied {node.Applier.AppliedIndex}, and {committed} was committed before that");
    }

    private long CommittedBefore(long time)
    {
        var (low, high) = (0, _grown.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_grown[middle].At < time)
                low = middle + 1;
            else
                high = middle;
        }
        return low == 0 ? 0 : _grown[low - 1].Committed;
    }
}
