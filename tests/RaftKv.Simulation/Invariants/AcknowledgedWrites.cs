using RaftKv.Embedded;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Simulation.Invariants;

/// <summary>
/// An acknowledged write is committed, with the outcome that its caller was told, and behind everything that was acknowledged before it
/// began (linearizability by index). That it is never lost follows from the committed entries being immutable.
/// </summary>
internal static class AcknowledgedWrites
{
    private const string Name = "Acknowledged writes";

    public static void Check(CommittedHistory history, long session, long sequence, KvWriteResult result, long floor, string what)
    {
        if (history.OutcomeOf(session, sequence) is not { } outcome)
            throw new BrokenInvariantException(Name, $"'{what}' was acknowledged and is not committed");
        var applied = outcome.Result.Status == ApplyStatus.Applied;
        if (applied != result.Applied || outcome.Result.Version != result.Version.Value)
            throw new BrokenInvariantException(Name, $"'{what}' was answered {result}, and its outcome was {outcome.Result}");
        if (outcome.Index <= floor)
            throw new BrokenInvariantException(Name, $"'{what}' stands at {outcome.Index}, and {floor} had been seen before it began");
    }
}
