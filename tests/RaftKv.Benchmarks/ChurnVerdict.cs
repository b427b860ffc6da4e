namespace RaftKv.Benchmarks;

/// <summary>
/// The result of a whole <see cref="ChurnBenchmark"/>. Memory and disk are those of the node that used most at each moment: the median of
/// each half, and the maximum.
/// </summary>
internal sealed record ChurnVerdict
{
    public string Op { get; } = "churn";

    public bool Holds { get; init; }

    public required double Minutes { get; init; }

    public required int LiveMb { get; init; }

    public required int BudgetMb { get; init; }

    public required double WritesPerS { get; init; }

    public required double LongestGapMs { get; init; }

    public required double WorstP99Ms { get; init; }

    public required long Errors { get; init; }

    public required double RssMbFirstHalf { get; init; }

    public required double RssMbSecondHalf { get; init; }

    public required double RssMbMost { get; init; }

    public required double DiskMbFirstHalf { get; init; }

    public required double DiskMbSecondHalf { get; init; }

    public required double DiskMbMost { get; init; }

    public required long Elections { get; init; }

    public required long Snapshots { get; init; }
}
