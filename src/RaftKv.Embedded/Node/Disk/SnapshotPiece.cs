using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Node;

/// <summary>A piece of a snapshot on its way between two nodes.</summary>
/// <param name="Last">The last entry of the snapshot.</param>
/// <param name="TotalBytes">The size of the whole snapshot; 0: there is no such snapshot any more.</param>
/// <param name="Offset">Where the piece begins.</param>
/// <param name="Data">The bytes of the piece.</param>
internal readonly record struct SnapshotPiece(EntryId Last, long TotalBytes, long Offset, ReadOnlyMemory<byte> Data);
