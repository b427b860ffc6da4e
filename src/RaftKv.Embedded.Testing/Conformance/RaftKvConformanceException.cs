namespace RaftKv.Embedded.Testing;

/// <summary>A store does not do what the contract says.</summary>
public sealed class RaftKvConformanceException : Exception
{
    /// <summary>What was expected, and what was there.</summary>
    public RaftKvConformanceException(string message) : base(message)
    {
    }
}
