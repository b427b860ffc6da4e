namespace RaftKv.Embedded;

/// <summary>
/// An application tried to write or delete keys that are reserved for the library or one of its packages: keys below <c>.locks/</c> and
/// <c>$raftkv/</c>, and the key ring of Data Protection where <c>PersistKeysToRaftKv</c> is used. Nothing was written.
/// </summary>
public sealed class RaftKvReservedKeyException : RaftKvException
{
    /// <param name="message">What happened, what it means for the caller's write, and what to do.</param>
    /// <param name="prefix">The prefix of the reserved keys.</param>
    public RaftKvReservedKeyException(string message, string prefix)
        : base(message) => Prefix = prefix;

    /// <summary>The prefix of the reserved keys.</summary>
    public string Prefix { get; }
}
