namespace RaftKv.Embedded.Consensus;

/// <summary>The entries that went along with a probe.</summary>
/// <param name="Last">The last one, or the entry before them when there are none.</param>
/// <param name="Bytes">Their size.</param>
/// <param name="At">When they were sent, in ticks.</param>
internal readonly record struct SentProbe(long Last, int Bytes, long At);
