using System.Buffers;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.WebUtilities;

namespace RaftKv.Embedded.Http;

/// <summary>The key a request names: the route value <c>key</c> at the end of the path, or the parameter <c>?key=</c>.</summary>
internal static class RequestKey
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="RequestRefusedException">The request names no key, or the key is not valid UTF-8.</exception>
    public static string Read(HttpContext context) => TryRead(context)
        ?? throw RequestRefusedException.BadInput("key", "The key is missing: put it at the end of the path, or into the parameter ?key=.");

    /// <returns>The key, or <c>null</c> when the request names none.</returns>
    /// <exception cref="RequestRefusedException">The key is not valid UTF-8.</exception>
    public static string? TryRead(HttpContext context)
    {
        if (context.GetRouteValue("key") is string { Length: > 0 } routed)
            return InPath(RawPath(context), routed);
        // A path cannot name the keys "." and ".."; a parameter can name any.
        var encoded = InQuery(context.Request.QueryString);
        return encoded.IsEmpty ? null : Decode(Encoding.UTF8.GetBytes(encoded.ToString()), plusIsSpace: true);
    }

    /// <summary>
    /// The key as the client sent it. Servers decode a path but leave <c>%2F</c>, so that in the route value the keys <c>a/b</c> and
    /// <c>a%2Fb</c> look the same; only the request line tells them apart. The path before the key may differ there from the one that was
    /// routed: proxies and middlewares strip, add and rewrite prefixes. The key is the end of the request line's path that decodes to the
    /// route value.
    /// </summary>
    private static string InPath(ReadOnlySpan<char> path, string routed)
    {
        // A server without a request line, as TestServer: it leaves %2F too, and an escaped slash is likelier than a key with this text.
        if (path.IsEmpty)
            return routed.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        var raw = Encoding.UTF8.GetBytes(path.ToString());
        if (Align(raw, Encoding.UTF8.GetBytes(routed)) is { } start)
            return Decode(raw.AsSpan(start), plusIsSpace: false);
        // A middleware put another path in place of the client's. Without escapes in either there is only one reading.
        return !raw.AsSpan().Contains((byte)'%') ? routed : throw RequestRefusedException.BadInput("key",
            "The key in the path is ambiguous: its escapes were changed, or it is not valid UTF-8. Use the parameter ?key= instead.");
    }

    /// <returns>
    /// Where the end of <paramref name="raw"/> that decodes to <paramref name="routed"/> begins; <c>null</c> when no end does.
    /// </returns>
    private static int? Align(ReadOnlySpan<byte> raw, ReadOnlySpan<byte> routed)
    {
        var at = raw.Length;
        var left = routed.Length;
        while (left > 0)
        {
            if (at >= 3 && TryUnescape(raw[(at - 3)..at], out var value))
            {
                // A server leaves some escapes as they are, that of the slash above all.
                var isLeft = routed[left - 1] != value;
                if (isLeft && !(left >= 3 && routed[(left - 3)..left].SequenceEqual(raw[(at - 3)..at])))
                    return null;
                left -= isLeft ? 3 : 1;
                at -= 3;
            }
            else if (at >= 1 && raw[at - 1] == routed[left - 1])
            {
                left--;
                at--;
            }
            else
            {
                return null;
            }
        }
        return at;
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

    private static string Decode(ReadOnlySpan<byte> encoded, bool plusIsSpace)
    {
        var rented = ArrayPool<byte>.Shared.Rent(encoded.Length);
        try
        {
            var length = 0;
            for (var i = 0; i < encoded.Length; i++)
            {
                var value = encoded[i];
                if (value == '%')
                {
                    if (i + 2 >= encoded.Length || !TryUnescape(encoded.Slice(i, 3), out value))
                        throw RequestRefusedException.BadInput("key", "The key has a '%' that two hexadecimal digits must follow.");
                    i += 2;
                }
                else if (value == '+' && plusIsSpace)
                {
                    value = (byte)' ';
                }
                rented[length++] = value;
            }
            return Strict.GetString(rented.AsSpan(0, length));
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

    private static bool TryUnescape(ReadOnlySpan<byte> escape, out byte value)
    {
        value = 0;
        return escape[0] == '%' && byte.TryParse(escape[1..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }
}
