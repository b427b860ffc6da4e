using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace RaftKv.Embedded.Http;

/// <summary>The headers of every answer below <c>/v1</c>, about the node that answered.</summary>
internal static class ReplicaHeaders
{
    /// <summary>The position in the replicated log that the answer reflects.</summary>
    public const string Version = "X-RaftKv-Version";

    /// <summary>Whether the node knows a leader: <c>true</c> or <c>false</c>.</summary>
    public const string KnownLeader = "X-RaftKv-Known-Leader";

    /// <summary>How many milliseconds ago the node last heard from the leader, 0 on the leader, or <c>never</c>.</summary>
    public const string LastContact = "X-RaftKv-Last-Contact";

    /// <summary>When the key expires, where it does: UTC, as in <c>2030-12-31T23:59:59.999Z</c>.</summary>
    public const string ExpiresAt = "X-RaftKv-Expires-At";

    public static void Set(HttpContext context, RaftKvStatus status)
    {
        var headers = context.Response.Headers;
        headers[Version] = status.AppliedIndex.ToString(CultureInfo.InvariantCulture);
        headers[KnownLeader] = status.LeaderId is null ? "false" : "true";
        headers[LastContact] = status.LastContact is { } ago ? ((long)ago.TotalMilliseconds).ToString(CultureInfo.InvariantCulture)
            : "never";
    }

    /// <summary>For an answer about a key that expires.</summary>
    public static void SetExpiry(HttpContext context, DateTimeOffset? expiresAt)
    {
        if (expiresAt is { } end)
            context.Response.Headers[ExpiresAt] = end.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
    }

    /// <summary>For an answer that is known to reflect exactly this version.</summary>
    public static void SetVersion(HttpContext context, KvVersion version) => context.Response.Headers[Version] = version.ToString();
}
