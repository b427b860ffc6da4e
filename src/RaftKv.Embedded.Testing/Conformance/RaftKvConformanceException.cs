namespace RaftKv.Embedded.Testing;

/// <summary>A store does not do what the contract says.</summary>
public sealed class RaftKvConformanceException : Exception
{
    /// <summary>Creates an error whose message says what was expected and what was found.</summary>
    public RaftKvConformanceException(string message) : base(message)
    {
    }
}
