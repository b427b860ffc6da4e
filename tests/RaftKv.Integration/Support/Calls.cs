using RaftKv.TestNode.Driver;

namespace RaftKv.Integration.Support;

/// <summary>What the caller of a write knows afterwards.</summary>
public enum WriteOutcome
{
    /// <summary>Acknowledged.</summary>
    Acknowledged,

    /// <summary>Certainly not applied.</summary>
    NotApplied,

    /// <summary>It may have taken effect, or may still.</summary>
    Unknown,
}

/// <summary>Classifies the outcome of a call through a node. A call without an answer has no outcome: it fails the test.</summary>
public static class Calls
{
    public static async Task<(WriteOutcome Outcome, T? Result)> TryAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return (WriteOutcome.Acknowledged, await call());
        }
        catch (NodeDownException)
        {
            return (WriteOutcome.NotApplied, default);
        }
        catch (NodeDiedException)
        {
            return (WriteOutcome.Unknown, default);
        }
        catch (NodeCallException e)
        {
            return (e.IsUnknown ? WriteOutcome.Unknown : WriteOutcome.NotApplied, default);
        }
    }
}
