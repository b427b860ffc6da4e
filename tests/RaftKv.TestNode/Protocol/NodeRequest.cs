using RaftKv.Embedded;

namespace RaftKv.TestNode.Protocol;

/// <summary>One command. Which fields are used depends on <see cref="Op"/>.</summary>
public sealed record NodeRequest
{
    /// <summary>The operation that starts a replica in a process whose last one ended.</summary>
    public const string Start = "start";

    /// <summary>
    /// The operation that ends the replica, as abruptly as a host that is disposed of, and leaves the process for another one.
    /// </summary>
    public const string End = "end";

    /// <summary>The line of the log behind the last one of a replica.</summary>
    public const string EndOfLog = "--- end of this replica's log ---";

    public long Id { get; init; }

    public required string Op { get; init; }

    public string? Key { get; init; }

    public byte[]? Value { get; init; }

    public KvConditionKind When { get; init; }

    /// <summary>The version of a condition, the least version of a read, or the amount of a move.</summary>
    public long Version { get; init; }

    public KvConsistency Consistency { get; init; }

    public KvKeyRange Range { get; init; }

    public KvScanOptions Scan { get; init; }

    /// <summary>A node, or the account that a move goes to.</summary>
    public string? NodeId { get; init; }

    public string? Address { get; init; }

    /// <summary>For <see cref="Start"/>: the <see cref="RaftKvOptions"/> of the replica, as JSON.</summary>
    public string? Options { get; init; }

    /// <summary>A duration, or a time to live; 0 is none.</summary>
    public double Seconds { get; init; }

    /// <summary>When what is set ends.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Cancels the call after this long; 0 leaves it to the replica's own limits.</summary>
    public int CancelAfterMs { get; init; }

    /// <summary>
    /// Whether a stop waits for the calls that were accepted before it; calls during it are answered with <c>CallsClosedException</c>.
    /// </summary>
    public bool Drains { get; init; }

    public LoadRequest? Load { get; init; }

    public ChurnRequest? Churn { get; init; }
}
