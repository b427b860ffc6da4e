namespace RaftKv.Embedded;

/// <summary>The keys of locks: <c>.locks/{name}/{place}</c>.</summary>
internal static class LockKeys
{
    /// <summary>The prefix of the keys of all locks.</summary>
    public const string Prefix = ".locks/";

    /// <summary>Escapes a name as one part of a key: without it, a name with a slash would lie below another name.</summary>
    public static string Escape(string name) =>
        name.Replace("%", "%25", StringComparison.Ordinal).Replace("/", "%2F", StringComparison.Ordinal);

    /// <summary>Reverses <see cref="Escape"/>.</summary>
    public static string Unescape(string part) =>
        part.Replace("%2F", "/", StringComparison.Ordinal).Replace("%25", "%", StringComparison.Ordinal);
}
