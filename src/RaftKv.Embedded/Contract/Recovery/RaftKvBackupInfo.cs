namespace RaftKv.Embedded;

/// <summary>What a backup holds.</summary>
/// <param name="Version">The version it is exact at: every write up to it is in the backup, and none after it.</param>
/// <param name="KeyCount">How many keys it has.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="ClusterId">The cluster it was taken in.</param>
/// <param name="LastWriteAt">When the last write in it was made, by the clock of the leader of that time.</param>
public sealed record RaftKvBackupInfo(KvVersion Version, long KeyCount, long Bytes, Guid ClusterId, DateTimeOffset LastWriteAt);
