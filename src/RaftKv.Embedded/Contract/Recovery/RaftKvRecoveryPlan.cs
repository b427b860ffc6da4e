namespace RaftKv.Embedded;

/// <summary>What a recovery from these survivors would do; see <see cref="Recovery.RaftKvRecovery.Plan"/>.</summary>
public sealed record RaftKvRecoveryPlan
{
    /// <summary>The cluster that lost its quorum.</summary>
    public required Guid ClusterId { get; init; }

    /// <summary>
    /// The survivors, the best first: the one with the highest last term, and of these the one with the highest last version.
    /// </summary>
    public required IReadOnlyList<RaftKvSurvivingNode> Ranked { get; init; }

    /// <summary>
    /// The voters of the best survivor's configuration that are not among the survivors, or only damaged or under another identity.
    /// </summary>
    public required IReadOnlyList<string> MissingVoters { get; init; }

    /// <summary>Whether the survivors are a quorum: then no recovery is needed; start them.</summary>
    public required bool HasQuorum { get; init; }

    /// <summary>Whether the missing voters were enough to acknowledge writes that no survivor has.</summary>
    public required bool MayLoseWrites { get; init; }

    /// <summary>The same as text for an operator, with what may be lost.</summary>
    public required IReadOnlyList<string> Findings { get; init; }

    /// <summary>The survivor that the new cluster begins with.</summary>
    public RaftKvSurvivingNode Best => Ranked[0];
}
