using RaftKv.Embedded.Client;

namespace RaftKv.Embedded.Http.Dashboard;

/// <summary>
/// Keys of the library itself: the dashboard hides them from lists unless they are asked for, never changes them, and never shows the
/// value of a secret one.
/// </summary>
/// <param name="reserved">What this process cannot write.</param>
/// <param name="secretPrefixes">What the app keeps secret besides, such as the key rings of other apps of the cluster.</param>
internal sealed class InternalKeys(ReservedKeys reserved, IEnumerable<string> secretPrefixes)
{
    private readonly string[] _secret =
        [.. reserved.All.Where(p => p.IsSecret).Select(p => p.Text).Concat(secretPrefixes.Where(p => p.Length > 0)).Distinct()];

    /// <summary>What internal keys begin with.</summary>
    public IReadOnlyList<string> Prefixes { get; } =
        [.. reserved.All.Select(p => p.Text).Concat(secretPrefixes.Where(p => p.Length > 0)).Distinct()];

    /// <summary>Whether a key, or all keys that begin with this, belong to the library.</summary>
    public bool IsInternal(string key) => Prefixes.Any(p => key.StartsWith(p, StringComparison.Ordinal));

    /// <summary>Whether the value of a key must not be shown.</summary>
    public bool IsSecret(string key) => Array.Exists(_secret, p => key.StartsWith(p, StringComparison.Ordinal));

    /// <summary>Whether there may be secret keys among those that begin with a prefix.</summary>
    public bool MayHoldSecrets(string prefix) =>
        IsSecret(prefix) || Array.Exists(_secret, p => p.StartsWith(prefix, StringComparison.Ordinal));
}
