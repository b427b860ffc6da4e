using RaftKv.Embedded.Client;

namespace RaftKv.Embedded.Http.Dashboard;

/// <summary>
/// Keys of the library itself: the dashboard hides them from lists unless they are asked for, never changes them, and never shows the
/// values of secret keys.
/// </summary>
/// <param name="reserved">The prefixes that applications cannot write.</param>
/// <param name="secretPrefixes">Further prefixes that the app keeps secret, such as the key rings of other apps of the cluster.</param>
internal sealed class InternalKeys(ReservedKeys reserved, IEnumerable<string> secretPrefixes)
{
    private readonly string[] _secret =
        [.. reserved.All.Where(p => p.IsSecret).Select(p => p.Text).Concat(secretPrefixes.Where(p => p.Length > 0)).Distinct()];

    /// <summary>What internal keys begin with.</summary>
    public IReadOnlyList<string> Prefixes { get; } =
        [.. reserved.All.Select(p => p.Text).Concat(secretPrefixes.Where(p => p.Length > 0)).Distinct()];

    /// <summary>Whether a key, or all keys with this prefix, belong to the library.</summary>
    public bool IsInternal(string key) => Prefixes.Any(p => key.StartsWith(p, StringComparison.Ordinal));

    /// <summary>Whether the value of a key must not be shown.</summary>
    public bool IsSecret(string key) => Array.Exists(_secret, p => key.StartsWith(p, StringComparison.Ordinal));

    /// <summary>Whether there may be secret keys among those with a prefix.</summary>
    public bool MayHoldSecrets(string prefix) =>
        IsSecret(prefix) || Array.Exists(_secret, p => p.StartsWith(prefix, StringComparison.Ordinal));
}
