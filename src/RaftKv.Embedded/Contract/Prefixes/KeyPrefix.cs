using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace RaftKv.Embedded;

/// <summary>
/// Maps keys of a view to keys of the store, one to one. Keys of locks stay below <see cref="LockKeys.Prefix"/>, where the name of the lock
/// has the prefix; all other keys begin with the prefix.
/// </summary>
internal sealed class KeyPrefix
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string _prefix;
    private readonly string _locksPrefix;

    /// <exception cref="ArgumentException">The prefix is empty, or not valid Unicode.</exception>
    public KeyPrefix(string prefix)
    {
        ArgumentException.ThrowIfNullOrEmpty(prefix);
        // A high surrogate at the end of the prefix could otherwise become valid together with a key.
        _ = Strict.GetByteCount(prefix);
        _prefix = prefix;
        _locksPrefix = LockKeys.Prefix + LockKeys.Escape(prefix);
    }

    /// <summary>The name of a lock in the store.</summary>
    public string Name(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return _prefix + name;
    }

    /// <summary>The key in the store.</summary>
    public string Outer(string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        return OuterPart(key);
    }

    /// <summary>The prefix of keys in the store; an empty one has all keys of the view except those of locks.</summary>
    public string OuterPart(string part)
    {
        ArgumentNullException.ThrowIfNull(part);
        return IsLock(part) ? string.Concat(_locksPrefix, part.AsSpan(LockKeys.Prefix.Length)) : _prefix + part;
    }

    /// <summary>The key in the view for a key of the store. A key that is not in the view is returned unchanged.</summary>
    public string Inner(string key) => TryInner(key, out var inner) ? inner : key;

    public bool TryInner(string key, [MaybeNullWhen(false)] out string inner)
    {
        if (key.StartsWith(_prefix, StringComparison.Ordinal))
            inner = key[_prefix.Length..];
        else if (key.StartsWith(_locksPrefix, StringComparison.Ordinal))
            inner = string.Concat(LockKeys.Prefix, key.AsSpan(_locksPrefix.Length));
        else
            inner = null;
        return inner is not null;
    }

    /// <summary>The range in the store. A range that begins with keys of locks has no other keys.</summary>
    public KvKeyRange Outer(KvKeyRange range)
    {
        if (!IsLock(range.Prefix) && !IsLock(range.From))
        {
            return new()
            {
                Prefix = _prefix + range.Prefix,
                From = string.IsNullOrEmpty(range.From) ? null : _prefix + range.From,
                To = string.IsNullOrEmpty(range.To) ? null : _prefix + range.To,
            };
        }
        return new()
        {
            Prefix = IsLock(range.Prefix) ? OuterPart(range.Prefix) : _locksPrefix,
            From = IsLock(range.From) ? OuterPart(range.From) : null,
            To = LockEnd(range.To),
        };
    }

    /// <summary>
    /// The end of a range of lock keys. An end that is not a lock key itself lies before all of them, or after all of them.
    /// </summary>
    private string? LockEnd(string? to)
    {
        if (string.IsNullOrEmpty(to))
            return null;
        if (IsLock(to))
            return OuterPart(to);
        return string.CompareOrdinal(to, LockKeys.Prefix) < 0 ? _locksPrefix : null;
    }

    private static bool IsLock([NotNullWhen(true)] string? key) => key?.StartsWith(LockKeys.Prefix, StringComparison.Ordinal) == true;
}
