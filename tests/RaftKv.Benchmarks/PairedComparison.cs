namespace RaftKv.Benchmarks;

/// <summary>Two systems that were measured in turns: the ratios of each pair, and their medians.</summary>
internal sealed class PairedComparison
{
    private readonly List<(IReadOnlyList<ResultLine> Ours, IReadOnlyList<ResultLine> Theirs)> _pairs = [];

    /// <param name="Op">Always "ratio".</param>
    /// <param name="Of">The operation.</param>
    /// <param name="OpsPerS">Ours by theirs, pair by pair: more is better.</param>
    /// <param name="P50">Ours by theirs, pair by pair: less is better.</param>
    private sealed record Ratio(string System, string Op, string Of, string From, int Clients, int TheirClients, double[] OpsPerS, double MedianOpsPerS, double[] P50, double MedianP50);

    public void Add(IReadOnlyList<ResultLine> ours, IReadOnlyList<ResultLine> theirs) => _pairs.Add((ours, theirs));

    public void Print()
    {
        if (_pairs.Count == 0)
            return;
        foreach (var line in _pairs[0].Ours)
        {
            if (Counterpart(line, _pairs[0].Theirs) is not { } their)
                continue;
            var matched = _pairs.Select(pair => (Ours: Same(line, pair.Ours), Theirs: Same(their, pair.Theirs))).Where(pair => pair is { Ours: not null, Theirs.OpsPerS: > 0 }).ToArray();
            double[] throughput = [.. matched.Select(pair => Math.Round(pair.Ours!.OpsPerS / pair.Theirs!.OpsPerS, 2))];
            double[] latency = [.. matched.Select(pair => Math.Round(pair.Ours!.P50Us / pair.Theirs!.P50Us, 2))];
            ResultLine.Print(new Ratio($"{line.System} / {their.System}", "ratio", line.Op, line.From ?? "leader", line.Clients, their.Clients, throughput, Median(throughput), latency, Median(latency)));
        }
    }

    /// <summary>
    /// The other system's line of the same operation with as many callers; if it has only one line of the operation, that line.
    /// </summary>
    private static ResultLine? Counterpart(ResultLine ours, IReadOnlyList<ResultLine> theirs)
    {
        var same = theirs.Where(l => l.Op == ours.Op && (l.From ?? "leader") == (ours.From ?? "leader")).ToArray();
        return same.FirstOrDefault(l => l.Clients == ours.Clients) ?? (same is [{ System: not "machine" } only] ? only : null);
    }

    private static ResultLine? Same(ResultLine line, IReadOnlyList<ResultLine> lines) => lines.FirstOrDefault(l => l.Op == line.Op && l.From == line.From && l.Clients == line.Clients);

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);
}
