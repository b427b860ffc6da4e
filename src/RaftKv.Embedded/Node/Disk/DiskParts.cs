namespace RaftKv.Embedded.Node;

/// <summary>The disk of the data directory, as far as its room is concerned.</summary>
/// <param name="FreeBytes">Asks how much is free; read thread.</param>
/// <param name="VolumeBytes">The size of its volume.</param>
/// <param name="SegmentBytes">The size of a segment of the log.</param>
internal sealed record DiskParts(Func<long> FreeBytes, long VolumeBytes, long SegmentBytes);
