using System.Runtime.CompilerServices;

namespace RaftKv.Simulation.Invariants;

/// <summary>
/// A command takes effect at most once however often it is repeated (dissertation §6.3), and never when its caller was told that it
/// certainly had no effect.
/// </summary>
internal static class ExactlyOnce
{
    public static void Check(bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] ref FailureText how)
    {
        if (!holds)
            throw new BrokenInvariantException("Exactly once", how.ToString());
    }
}
