using System.Runtime.CompilerServices;

namespace RaftKv.Embedded.Primitives;

/// <summary>Laws that hold in Release too. A broken one stops this replica, never the host.</summary>
internal static class Invariant
{
    public static void Holds(bool condition, [CallerArgumentExpression(nameof(condition))] string? law = null)
    {
        if (!condition)
            throw new InvariantViolatedException(law);
    }
}
