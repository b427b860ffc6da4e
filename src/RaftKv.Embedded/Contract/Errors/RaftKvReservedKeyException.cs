namespace RaftKv.Embedded;

/// <summary>
/// An application tried to write or delete keys that the library, or a package of it, keeps for itself: <c>.locks/</c>, <c>$raftkv/</c>,
/// and the key ring of Data Protection where <c>PersistKeysToRaftKv</c> is used. Nothing was written.
/// </summary>
public sealed class RaftKvReservedKeyException : RaftKvException
{
    /// <param name="message">What happened, what it means for the caller's write, and what to do.</param>
    /// <param name="prefix">What the reserved keys begin with.</param>
    public RaftKvReservedKeyException(string message, string prefix)
        : base(message) => Prefix = prefix;

    /// <summary>What the reserved keys begin with.</summary>
    public string Prefix { get; }
}
