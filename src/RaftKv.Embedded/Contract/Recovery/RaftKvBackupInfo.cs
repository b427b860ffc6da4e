namespace RaftKv.Embedded;

/// <summary>What a backup holds.</summary>
public sealed record RaftKvBackupInfo
{
    /// <summary>The version it is exact at: every write up to it is in the backup, and none after it.</summary>
    public required KvVersion Version { get; init; }

    /// <summary>How many keys it has.</summary>
    public long KeyCount { get; init; }

    /// <summary>Its size in bytes.</summary>
    public long Bytes { get; init; }

    /// <summary>The cluster it was taken in.</summary>
    public Guid ClusterId { get; init; }

    /// <summary>When the last write in it was made, by the clock of the leader of that time.</summary>
    public DateTimeOffset LastWriteAt { get; init; }
}
