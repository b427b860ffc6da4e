namespace RaftKv.Embedded.Diagnostics;

/// <summary>What the observed instruments of a <see cref="ReplicaMeter"/> show. Any thread.</summary>
internal sealed record MeterSources
{
    /// <summary><c>null</c> while there is nothing to show.</summary>
    public required Func<RaftKvStatus?> Status { get; init; }

    /// <summary>Keys that went because their time to live was over.</summary>
    public required Func<long> ExpiredKeys { get; init; }

    /// <summary>Keys that went with their lease.</summary>
    public required Func<long> RevokedKeys { get; init; }

    /// <summary>Leases that live in the cluster.</summary>
    public required Func<long> Leases { get; init; }
}
