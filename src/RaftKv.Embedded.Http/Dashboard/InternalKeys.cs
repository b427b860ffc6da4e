namespace RaftKv.Embedded.Http.Dashboard;

/// <summary>
/// Keys of the library itself: the dashboard hides them from lists unless they are asked for, never changes them, and never shows the
/// value of a secret one.
/// </summary>
internal sealed class InternalKeys(IEnumerable<string> secretPrefixes)
{
    private const string Locks = ".locks/";
    private const string Own = "$raftkv/";

    private readonly string[] _secret = [.. secretPrefixes.Where(p => p.Length > 0)];

    /// <summary>What internal keys begin with.</summary>
    public IReadOnlyList<string> Prefixes { get; } = [Locks, Own, .. secretPrefixes.Where(p => p.Length > 0)];

    /// <summary>Whether a key, or all keys that begin with this, belong to the library.</summary>
    public bool IsInternal(string key) => Prefixes.Any(p => key.StartsWith(p, StringComparison.Ordinal));

    /// <summary>Whether the value of a key must not be shown.</summary>
    public bool IsSecret(string key) => Array.Exists(_secret, p => key.StartsWith(p, StringComparison.Ordinal));

    /// <summary>Whether there may be secret keys among those that begin with a prefix.</summary>
    public bool MayHoldSecrets(string prefix) => IsSecret(prefix) || Array.Exists(_secret, p => p.StartsWith(prefix, StringComparison.Ordinal));
}
