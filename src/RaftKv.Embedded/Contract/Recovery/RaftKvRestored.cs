namespace RaftKv.Embedded;

/// <summary>The result of a restore.</summary>
public sealed record RaftKvRestored
{
    /// <summary>What the backup held.</summary>
    public required RaftKvBackupInfo Backup { get; init; }

    /// <summary>The identity of the new cluster.</summary>
    public required Guid ClusterId { get; init; }

    /// <summary>Every version written from now on is greater than this; restored keys keep their versions, which are not.</summary>
    public required KvVersion Version { get; init; }
}
