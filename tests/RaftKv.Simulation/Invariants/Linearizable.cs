using RaftKv.Integration.Linearizability;

namespace RaftKv.Simulation.Invariants;

/// <summary>
/// What callers were told of each key has an order, consistent with real time, in which one register would have said the same (Herlihy and
/// Wing 1990). The check uses only calls and answers, so it does not depend on the indexes that the other checks of reads and writes trust.
/// </summary>
internal sealed class Linearizable : Invariant
{
    /// <summary>
    /// The steps of one check. Histories with many unknown outcomes cost too much to decide; the checks by index cover those.
    /// </summary>
    private const int Budget = 20_000;

    private readonly SortedDictionary<string, List<RegisterOperation>> _histories = new(StringComparer.Ordinal);

    /// <summary>Keys whose history was decided, and those given up.</summary>
    public (int Decided, int GivenUp) Keys { get; private set; }

    public void Add(string key, RegisterOperation operation)
    {
        if (!_histories.TryGetValue(key, out var history))
            _histories[key] = history = [];
        history.Add(operation);
    }

    public override void AtEnd()
    {
        foreach (var (key, history) in _histories)
        {
            var verdict = LinearizabilityChecker.Check(history, Budget);
            if (verdict == LinearizabilityVerdict.NotLinearizable)
                throw new BrokenInvariantException("Linearizability", $"no order explains the {history.Count} operations on {key}");
            Keys = verdict == LinearizabilityVerdict.Linearizable ? (Keys.Decided + 1, Keys.GivenUp) : (Keys.Decided, Keys.GivenUp + 1);
        }
    }
}
