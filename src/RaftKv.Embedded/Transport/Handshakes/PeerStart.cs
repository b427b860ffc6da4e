namespace RaftKv.Embedded.Transport;

/// <summary>
/// What a node reports in its introduction about the state of its data directory at the start of the process. It shows whether the
/// directory was replaced by an older copy.
/// </summary>
internal sealed record PeerStart
{
    /// <summary>The most ids that are sent.</summary>
    public const int MaxIds = 16;

    /// <summary>The number of processes that have used the directory, including this one.</summary>
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

    /// <summary>The incarnation that the directory had before it was found to be an older copy; empty if that never happened.</summary>
    public Guid ReplacedIncarnation { get; init; }

    public bool Equals(PeerStart? other) => other is not null && Ids.SequenceEqual(other.Ids)
        && (Count, Term, HasVoted, LastIndex, IsLed, ReplacedIncarnation) == (other.Count, other.Term, other.HasVoted, other.LastIndex,
            other.IsLed, other.ReplacedIncarnation);

    public override int GetHashCode() => HashCode.Combine(Count, Ids[0]);
}
