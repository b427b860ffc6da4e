using System.Runtime.CompilerServices;

namespace RaftKv.Embedded.Primitives;

/// <summary>Invariants that are checked in Release builds too. A broken invariant stops this replica, never the host.</summary>
internal static class Invariant
{
    public static void Holds(bool condition, [CallerArgumentExpression(nameof(condition))] string? law = null)
    {
        if (!condition)
            throw new InvariantViolatedException(law);
    }
}
