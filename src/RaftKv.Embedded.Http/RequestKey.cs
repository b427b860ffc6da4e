using System.Buffers;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.WebUtilities;

namespace RaftKv.Embedded.Http;

/// <summary>The key a request names: behind the route's last literal segment, or as the parameter <c>?key=</c>.</summary>
internal static class RequestKey
{
    private static readonly UTF8Encoding _strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="RequestRefusedException">There is none, or it is not valid UTF-8.</exception>
    public static string Read(HttpContext context) => TryRead(context)
        ?? throw RequestRefusedException.BadInput("key", "The key is missing: put it at the end of the path, or into the parameter ?key=.");

    /// <returns>The key, or <c>null</c> when the request names none.</returns>
    /// <exception cref="RequestRefusedException">It is not valid UTF-8.</exception>
    public static string? TryRead(HttpContext context)
    {
        var encoded = InPath(context);
        var plusIsSpace = false;
        if (encoded.IsEmpty)
        {
            // A path cannot name the keys "." and ".."; a parameter can name any.
            encoded = InQuery(context.Request.QueryString);
            plusIsSpace = true;
        }
        return encoded.IsEmpty ? null : Decode(encoded, plusIsSpace);
    }

    /// <summary>
    /// The key as the client sent it. The server decodes a path but leaves <c>%2F</c>, so that in the decoded path the keys <c>a/b</c> and
    /// <c>a%2Fb</c> would look the same; and it resolves <c>..</c>. Only the request line has the key itself.
    /// </summary>
    private static ReadOnlySpan<char> InPath(HttpContext context)
    {
        if (context.GetEndpoint() is RouteEndpoint { RoutePattern.Parameters.Count: 0 })
            return default;
        var path = RawPath(context);
        if (path.IsEmpty)
            return Uri.EscapeDataString(context.GetRouteValue("key") as string ?? "");

        var literal = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.PathSegments.Count - 1 ?? 0;
        var segments = literal + context.Request.PathBase.Value.AsSpan().Count('/');
        var rest = path;
        for (var i = 0; i < segments; i++)
        {
            var slash = rest[1..].IndexOf('/');
            if (slash < 0)
                return default;
            rest = rest[(slash + 1)..];
        }
        // With dot segments before the key the request line and the route disagree about where it begins.
        var prefix = path[..^rest.Length];
        var routed = (context.Request.PathBase + context.Request.Path).Value;
        if (routed is null || !routed.AsSpan().StartsWith(Uri.UnescapeDataString(prefix), StringComparison.OrdinalIgnoreCase))
            throw RequestRefusedException.BadInput("path", "The path has '.' or '..' before the key.");
        return rest[1..];
    }

    private static ReadOnlySpan<char> RawPath(HttpContext context)
    {
        var target = (context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "").AsSpan();
        if (!target.StartsWith("/"))
        {
            // A proxy's absolute form, http://host/path.
            var authority = target.IndexOf("://");
            var slash = authority < 0 ? -1 : target[(authority + 3)..].IndexOf('/');
            if (slash < 0)
                return default;
            target = target[(authority + 3 + slash)..];
        }
        var end = target.IndexOfAny('?', '#');
        return end < 0 ? target : target[..end];
    }

    private static ReadOnlySpan<char> InQuery(QueryString query)
    {
        foreach (var pair in new QueryStringEnumerable(query.Value))
        {
            if (pair.EncodedName.Span.SequenceEqual("key"))
                return pair.EncodedValue.Span;
        }
        return default;
    }

    private static string Decode(ReadOnlySpan<char> encoded, bool plusIsSpace)
    {
        var rented = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(encoded.Length));
        try
        {
            var bytes = rented.AsSpan(0, Encoding.UTF8.GetBytes(encoded, rented));
            var length = 0;
            for (var i = 0; i < bytes.Length; i++)
            {
                var value = bytes[i];
                if (value == '%')
                {
                    if (i + 2 >= bytes.Length || !byte.TryParse(bytes.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value))
                        throw RequestRefusedException.BadInput("key", "The key has a '%' that two hexadecimal digits must follow.");
                    i += 2;
                }
                else if (value == '+' && plusIsSpace)
                {
                    value = (byte)' ';
                }
                bytes[length++] = value; // Decoded text is never longer than encoded, so that it fits in place.
            }
            return _strict.GetString(bytes[..length]);
        }
        catch (DecoderFallbackException)
        {
            throw RequestRefusedException.BadInput("key", "The key is not valid UTF-8.");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
