namespace RaftKv.TestNode.Protocol;

/// <summary>
/// Callers inside the node's process that overwrite and delete keys and write keys that expire, at a steady rate, until they are stopped.
/// </summary>
public sealed record ChurnRequest
{
    public int Callers { get; init; } = 64;

    /// <summary>Writes per second of all callers together; fewer when the cluster is slower.</summary>
    public int Rate { get; init; } = 2_000;

    public int Keys { get; init; } = 100_000;

    /// <summary>The average size; values have between half and one and a half of it.</summary>
    public int ValueBytes { get; init; } = 1_024;

    /// <summary>Of a hundred writes, how many are deletes; the next write of such a key brings it back.</summary>
    public int DeletePercent { get; init; } = 15;

    /// <summary>Of a hundred writes, how many are of keys that live between 1 and <see cref="LongestSeconds"/> seconds.</summary>
    public int ExpiringPercent { get; init; } = 15;

    public int LongestSeconds { get; init; } = 60;

    public int Seed { get; init; } = 1;
}

/// <summary>The figures of the callers since they were asked for the last time.</summary>
/// <param name="Writes">The number of acknowledged writes.</param>
/// <param name="Seconds">The time since the figures were asked for the last time.</param>
/// <param name="LongestGapMs">The longest time without any acknowledgement, the current one included.</param>
/// <param name="P99Ms">The 99th percentile of the durations of the calls.</param>
/// <param name="MaxMs">The longest call.</param>
/// <param name="Errors">The number of failed calls, by the type of the exception.</param>
public sealed record ChurnWindow(long Writes, double Seconds, double LongestGapMs, double P99Ms, double MaxMs, IReadOnlyDictionary<string, long> Errors);
