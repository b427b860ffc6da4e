namespace RaftKv.Simulation.Invariants;

/// <summary>A run has shown a bug.</summary>
internal sealed class BrokenInvariantException(string invariant, string how) : Exception($"{invariant}: {how}");
