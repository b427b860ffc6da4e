namespace RaftKv.Embedded.Diagnostics;

/// <summary>The values of the observable instruments of a <see cref="ReplicaMeter"/>. Any thread.</summary>
internal sealed record MeterSources
{
    /// <summary>The status of the replica; <c>null</c> while there is none.</summary>
    public required Func<RaftKvStatus?> Status { get; init; }

    /// <summary>Keys that were removed because their time to live had ended.</summary>
    public required Func<long> ExpiredKeys { get; init; }

    /// <summary>Keys that were removed with their lease.</summary>
    public required Func<long> RevokedKeys { get; init; }

    /// <summary>Leases that live in the cluster.</summary>
    public required Func<long> Leases { get; init; }
}
