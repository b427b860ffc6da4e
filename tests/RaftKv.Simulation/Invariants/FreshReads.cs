namespace RaftKv.Simulation.Invariants;

/// <summary>
/// Reads are linearizable: they see everything acknowledged before they began, and return exactly what the log says at the index at which
/// they were served. Stale reads may be old, but are never wrong.
/// </summary>
internal static class FreshReads
{
    public static void CheckFresh(object read, SimNode node, long readAt, long floor)
    {
        if (readAt < floor)
            throw new BrokenInvariantException("Linearizable reads", $"{read} on {node.Id} saw {readAt}, and {floor} had been seen before it began");
    }

    public static void CheckValue(CommittedHistory history, string key, long readAt, long version, long operation)
    {
        if (readAt > history.Last.Index)
            throw new BrokenInvariantException("Linearizable reads", $"a read saw {readAt}, which is not committed");
        var expected = history.ValueAt(key, readAt);
        if (expected != (version, operation))
            throw new BrokenInvariantException("Linearizable reads", $"{key} at {readAt} is {(version, operation)} and should be {expected}");
    }
}
