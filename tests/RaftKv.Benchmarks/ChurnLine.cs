namespace RaftKv.Benchmarks;

/// <summary>Ten seconds of <see cref="ChurnBenchmark"/>. An array has one figure for each node.</summary>
internal sealed record ChurnLine
{
    public required double Seconds { get; init; }

    public required double WritesPerS { get; init; }

    /// <summary>The longest time without an acknowledged write.</summary>
    public required double LongestGapMs { get; init; }

    public required double P99Ms { get; init; }

    public required double MaxMs { get; init; }

    public required long Errors { get; init; }

    public required long Keys { get; init; }

    public required double[] RssMb { get; init; }

    public required DirectorySizes[] DiskMb { get; init; }

    /// <summary>Index of the last entry that the newest snapshot of each node covers.</summary>
    public required long[] Snapshot { get; init; }

    public required long Term { get; init; }

    /// <summary>Stalls that the nodes have reported since the line before.</summary>
    public required List<string> Stalls { get; init; }

    public required double LoadAverage { get; init; }

    public required Dictionary<string, double> PressurePercent { get; init; }
}
