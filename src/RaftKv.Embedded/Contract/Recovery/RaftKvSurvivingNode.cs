namespace RaftKv.Embedded;

/// <summary>
/// The state of a stopped node, read from its data directory; see <see cref="Recovery.RaftKvRecovery.Inspect"/>. It can be written as JSON
/// and copied to another machine.
/// </summary>
public sealed record RaftKvSurvivingNode
{
    /// <summary>The directory that was inspected.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>The node's name.</summary>
    public required string NodeId { get; init; }

    /// <summary>The identity of the directory.</summary>
    public required Guid Incarnation { get; init; }

    /// <summary>The cluster it belongs to.</summary>
    public required Guid ClusterId { get; init; }

    /// <summary>The highest term it has seen.</summary>
    public required long Term { get; init; }

    /// <summary>The term of the last entry of its log.</summary>
    public required long LastTerm { get; init; }

    /// <summary>The index of the last entry of its log: the highest version it has.</summary>
    public required KvVersion LastVersion { get; init; }

    /// <summary>When that entry was made, by the clock of the leader of that time.</summary>
    public required DateTimeOffset LastWriteAt { get; init; }

    /// <summary>The version of its newest snapshot; later entries are in the log.</summary>
    public required KvVersion SnapshotVersion { get; init; }

    /// <summary>The voters of the newest configuration in its log.</summary>
    public required IReadOnlyList<string> Voters { get; init; }

    /// <summary>Whether it votes in that configuration, under this identity.</summary>
    public required bool IsVoter { get; init; }

    /// <summary>
    /// What is wrong with its log, when the log is damaged and was read up to the damage; <c>null</c> when it is not damaged. Entries of
    /// the node after the last version are lost, and the node cannot be started: it counts as a missing voter.
    /// </summary>
    public string? Damage { get; init; }
}
