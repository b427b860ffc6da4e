namespace RaftKv.Embedded.Primitives;

/// <summary>The replica found a state that must not exist; it must stop and keep its data.</summary>
internal sealed class InvariantViolatedException(string? law) : Exception($"An invariant of the replica is broken: {law}.");
