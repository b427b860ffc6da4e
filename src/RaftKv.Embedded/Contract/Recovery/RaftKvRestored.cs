namespace RaftKv.Embedded;

/// <summary>The result of a restore.</summary>
public sealed record RaftKvRestored
{
    /// <summary>What the backup held.</summary>
    public required RaftKvBackupInfo Backup { get; init; }

    /// <summary>The new cluster.</summary>
    public required Guid ClusterId { get; init; }

    /// <summary>Every version written from now on is above it; restored keys keep theirs, which are below.</summary>
    public required KvVersion Version { get; init; }
}
