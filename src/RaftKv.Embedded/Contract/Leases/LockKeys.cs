namespace RaftKv.Embedded;

/// <summary>The keys of locks: <c>.locks/{name}/{place}</c>.</summary>
internal static class LockKeys
{
    /// <summary>What all of them begin with.</summary>
    public const string Prefix = ".locks/";

    /// <summary>The name as one part of a key: a name with a slash must not lie below another name.</summary>
    public static string Escape(string name) =>
        name.Replace("%", "%25", StringComparison.Ordinal).Replace("/", "%2F", StringComparison.Ordinal);

    /// <summary>The name that <see cref="Escape"/> was given.</summary>
    public static string Unescape(string part) =>
        part.Replace("%2F", "/", StringComparison.Ordinal).Replace("%25", "%", StringComparison.Ordinal);
}
