namespace RaftKv.Embedded.Primitives;

/// <summary>The replica met a state that cannot be; it must stop and keep its data.</summary>
internal sealed class InvariantViolatedException(string? law) : Exception($"An invariant of the replica is broken: {law}.");
