namespace RaftKv.TestNode.Protocol;

/// <summary>Callers inside the node's process that overwrite, delete and let expire at a steady rate, until they are told to stop.</summary>
public sealed record ChurnRequest
{
    public int Callers { get; init; } = 64;

    /// <summary>Writes a second, of all callers together; less when the cluster cannot.</summary>
    public int Rate { get; init; } = 2_000;

    public int Keys { get; init; } = 100_000;

    /// <summary>The average; a value has between half and one and a half of it.</summary>
    public int ValueBytes { get; init; } = 1_024;

    /// <summary>Of a hundred writes, how many are deletes; the next write of such a key brings it back.</summary>
    public int DeletePercent { get; init; } = 15;

    /// <summary>Of a hundred writes, how many are of keys that live between 1 and <see cref="LongestSeconds"/> seconds.</summary>
    public int ExpiringPercent { get; init; } = 15;

    public int LongestSeconds { get; init; } = 60;

    public int Seed { get; init; } = 1;
}

/// <summary>What the callers saw since they were asked the last time.</summary>
/// <param name="Writes">How many were acknowledged.</param>
/// <param name="Seconds">In how long.</param>
/// <param name="LongestGapMs">The longest time without any acknowledgement, the one that lasts included.</param>
/// <param name="P99Ms">Of the calls' durations.</param>
/// <param name="MaxMs">The longest call.</param>
/// <param name="Errors">How many failed, with which exception.</param>
public sealed record ChurnWindow(long Writes, double Seconds, double LongestGapMs, double P99Ms, double MaxMs, IReadOnlyDictionary<string, long> Errors);
