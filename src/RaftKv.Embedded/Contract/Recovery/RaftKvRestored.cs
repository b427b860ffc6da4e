namespace RaftKv.Embedded;

/// <summary>What a restore made.</summary>
/// <param name="Backup">What the backup held.</param>
/// <param name="ClusterId">The new cluster.</param>
/// <param name="Version">Every version written from now on is above it; restored keys keep theirs, which are below.</param>
public sealed record RaftKvRestored(RaftKvBackupInfo Backup, Guid ClusterId, KvVersion Version);
