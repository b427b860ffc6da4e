namespace RaftKv.Embedded.Transport;

/// <summary>
/// What a node tells in its introduction about its data directory as it was when the process started: evidence that the directory has not
/// gone back in time.
/// </summary>
internal sealed record PeerStart
{
    /// <summary>How many ids are told.</summary>
    public const int MaxIds = 16;

    /// <summary>How many processes have used the directory, this one included.</summary>
    public required long Count { get; init; }

    /// <summary>The random ids of the newest starts, the newest first; at least one.</summary>
    public required IReadOnlyList<long> Ids { get; init; }

    /// <summary>The durable term.</summary>
    public long Term { get; init; }

    /// <summary>Whether a vote of that term was durable.</summary>
    public bool HasVoted { get; init; }

    /// <summary>The last durable entry.</summary>
    public long LastIndex { get; init; }

    /// <summary>Whether the node knows a leader now, itself included.</summary>
    public bool IsLed { get; init; }

    /// <summary>The identity that the directory had before it was found to have gone back in time; empty if it never was.</summary>
    public Guid ReplacedIncarnation { get; init; }

    public bool Equals(PeerStart? other) => other is not null && Ids.SequenceEqual(other.Ids)
        && (Count, Term, HasVoted, LastIndex, IsLed, ReplacedIncarnation) == (other.Count, other.Term, other.HasVoted, other.LastIndex,
            other.IsLed, other.ReplacedIncarnation);

    public override int GetHashCode() => HashCode.Combine(Count, Ids[0]);
}
