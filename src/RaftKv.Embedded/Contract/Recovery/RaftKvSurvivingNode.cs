namespace RaftKv.Embedded;

/// <summary>
/// What a node that is down has on its disk; see <see cref="Recovery.RaftKvRecovery.Inspect"/>. Can be written as JSON and carried to
/// another machine.
/// </summary>
public sealed record RaftKvSurvivingNode
{
    /// <summary>The directory it was found in.</summary>
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

    /// <summary>The version of its newest snapshot; what lies behind it comes from the log.</summary>
    public required KvVersion SnapshotVersion { get; init; }

    /// <summary>The voters of the newest configuration in its log.</summary>
    public required IReadOnlyList<string> Voters { get; init; }

    /// <summary>Whether it votes in that configuration, under this identity.</summary>
    public required bool IsVoter { get; init; }

    /// <summary>
    /// What is wrong with its log, when it was inspected up to its damage; <c>null</c>: nothing. What it had behind the last version is
    /// lost here, and it cannot be started: it counts as a missing voter.
    /// </summary>
    public string? Damage { get; init; }
}
