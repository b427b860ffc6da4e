using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Storage;

/// <summary>A finished snapshot on disk.</summary>
/// <param name="Last">The last entry it covers.</param>
/// <param name="Bytes">The size of its file.</param>
internal readonly record struct SnapshotInfo(EntryId Last, long Bytes);
