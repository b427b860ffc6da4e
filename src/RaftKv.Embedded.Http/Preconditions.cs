using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace RaftKv.Embedded.Http;

/// <summary>A key's version as an entity tag, and the headers that make a request depend on it (RFC 9110 §13).</summary>
internal static class Preconditions
{
    public static string ETag(KvVersion version) => string.Create(CultureInfo.InvariantCulture, $"\"{version.Value}\"");

    /// <summary>What <c>If-Match</c> or <c>If-None-Match: *</c> ask of the key that is about to be written.</summary>
    /// <exception cref="RequestRefusedException">They ask for what one condition cannot say; the header is named.</exception>
    public static KvCondition OfWrite(IHeaderDictionary headers)
    {
        var match = headers.IfMatch.ToString();
        var noneMatch = headers.IfNoneMatch.ToString();
        if (match.Length > 0 && noneMatch.Length > 0)
            throw RequestRefusedException.BadInput("If-None-Match", "If-Match and If-None-Match exclude each other here. Send one of them.");
        if (noneMatch.Length > 0)
            return noneMatch == "*" ? KvCondition.NotExists
                : throw RequestRefusedException.BadInput("If-None-Match", "A write takes only If-None-Match: *, which asks that the key does not exist.");
        return match switch
        {
            "" => KvCondition.Always,
            "*" => KvCondition.Exists,
            _ => KvCondition.VersionIs(OneVersion(match)),
        };
    }

    /// <summary>Whether the client says that it has this version already.</summary>
    public static bool IsKnown(IHeaderDictionary headers, KvVersion version)
    {
        if (headers.IfNoneMatch.Count == 0 || !EntityTagHeaderValue.TryParseList(headers.IfNoneMatch, out var known))
            return false;
        var current = new EntityTagHeaderValue(ETag(version));
        return known.Any(tag => tag.Tag == "*" || tag.Compare(current, useStrongComparison: false));
    }

    // Zero would ask that the key does not exist, which is not what an entity tag means.
    private static KvVersion OneVersion(string tag) =>
        tag is ['"', .. var digits, '"'] && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var version) && version > 0
            ? new KvVersion(version)
            : throw RequestRefusedException.BadInput("If-Match", "If-Match takes one version as it came in an ETag, for example \"12\", or *.");
}
