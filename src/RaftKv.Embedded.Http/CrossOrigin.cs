using Microsoft.AspNetCore.Http;

namespace RaftKv.Embedded.Http;

/// <summary>
/// Browsers let any web page send some requests to any address, with the user's cookies. They also say where a request comes from, which
/// programs do not: a change asked for by another site's page is refused.
/// </summary>
internal static class CrossOrigin
{
    /// <exception cref="RequestRefusedException">The request would change something and a page of another origin sent it.</exception>
    public static void Refuse(HttpRequest request)
    {
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || IsSameOrigin(request))
            return;
        throw new RequestRefusedException(new Problem(StatusCodes.Status403Forbidden, "cross_origin",
            "The request comes from a web page of another origin. Nothing was changed."));
    }

    private static bool IsSameOrigin(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        if (site.Length > 0)
            return site is "same-origin" or "none";
        // Older browsers, and plain http: beyond localhost they send only the origin.
        var origin = request.Headers.Origin.ToString();
        return origin.Length == 0
            || (Uri.TryCreate(origin, UriKind.Absolute, out var uri) && string.Equals(uri.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase));
    }
}
