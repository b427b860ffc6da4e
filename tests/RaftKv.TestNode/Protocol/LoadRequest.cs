namespace RaftKv.TestNode.Protocol;

/// <summary>A closed loop inside the node's process: every caller has one call outstanding.</summary>
public sealed record LoadRequest
{
    public LoadOperation Operation { get; init; }

    public int Callers { get; init; } = 64;

    /// <summary>The length of the load, if <see cref="Count"/> is 0.</summary>
    public double Seconds { get; init; }

    /// <summary>The number of calls, which then go through the keys in order; 0 ends the load by time.</summary>
    public long Count { get; init; }

    /// <summary>
    /// Whether a write that the leader refuses, because it holds as many bytes as it may, is made again after a pause, for two minutes at
    /// most. Otherwise it counts as an error.
    /// </summary>
    public bool WaitsWhenOverloaded { get; init; }

    public int Keys { get; init; } = 100_000;

    public int ValueBytes { get; init; } = 100;

    /// <summary>How many puts a transaction has.</summary>
    public int Batch { get; init; } = 16;

    /// <summary>One letter in front of the number; a key has 16 bytes.</summary>
    public char KeyPrefix { get; init; } = 'k';

    public int Seed { get; init; } = 1;

    /// <summary>When what is put expires; <c>null</c> is never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>What the callers do.</summary>
public enum LoadOperation
{
    Put,
    Get,
    Lease,
    Stale,
    TryRead,

    /// <summary>Many puts in one transaction.</summary>
    Transaction,
}

/// <summary>The result of a load.</summary>
public sealed record LoadReport
{
    public long Operations { get; init; }

    public double Seconds { get; init; }

    public double P50Us { get; init; }

    public double P99Us { get; init; }

    public double MaxUs { get; init; }

    /// <summary>Everything the process allocated meanwhile, divided by the calls.</summary>
    public double AllocatedBytesPerOperation { get; init; }

    public long Errors { get; init; }

    /// <summary>The number of failed calls, by the type of the exception.</summary>
    public Dictionary<string, long> ErrorKinds { get; init; } = [];

    /// <summary>The message of the first call that failed, or <c>null</c>.</summary>
    public string? FirstError { get; init; }
}

/// <summary>A node's whole content in order: equal on two nodes that have applied the same log.</summary>
public sealed record ContentHash(string Sha256, long Keys, long AppliedBefore, long AppliedAfter);
