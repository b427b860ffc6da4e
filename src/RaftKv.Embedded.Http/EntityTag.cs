using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace RaftKv.Embedded.Http;

/// <summary>A key's version as an entity tag.</summary>
internal static class EntityTag
{
    public static string Of(KvVersion version) => string.Create(CultureInfo.InvariantCulture, $"\"{version.Value}\"");

    /// <summary>Whether the client has this version already (<c>If-None-Match</c>).</summary>
    public static bool IsKnown(IHeaderDictionary headers, KvVersion version)
    {
        if (headers.IfNoneMatch.Count == 0 || !EntityTagHeaderValue.TryParseList(headers.IfNoneMatch, out var known))
            return false;
        var current = new EntityTagHeaderValue(Of(version));
        return known.Any(tag => tag.Tag == "*" || tag.Compare(current, useStrongComparison: false));
    }
}
