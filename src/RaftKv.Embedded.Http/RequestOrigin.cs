using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace RaftKv.Embedded.Http;

/// <summary>
/// Browsers let any web page send some requests to any address, with the user's cookies. They also say where a request comes from, which
/// programs do not: a change that a page of another origin asks for is refused, unless the routes themselves have a CORS policy that allows
/// the origin. A policy for the whole app is no consent: it was written for the app's own routes.
/// </summary>
internal static class RequestOrigin
{
    /// <exception cref="RequestRefusedException">The request would change something, and a page of a foreign origin sent it.</exception>
    public static async ValueTask CheckAsync(HttpContext context)
    {
        var request = context.Request;
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || IsSameOrigin(request))
            return;
        if (await IsAllowedAsync(context))
            return;
        throw new RequestRefusedException(new Problem(StatusCodes.Status403Forbidden, "cross_origin",
            "The request comes from a web page of another origin. Nothing was changed. "
            + "A CORS policy on these routes can allow the origin."));
    }

    private static bool IsSameOrigin(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        if (site.Length > 0)
            return site is "same-origin" or "none";
        // Older browsers, and plain http: beyond localhost they send only the origin.
        var origin = request.Headers.Origin.ToString();
        return origin.Length == 0
            || (Uri.TryCreate(origin, UriKind.Absolute, out var uri)
                && string.Equals(uri.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase));
    }

    private static async ValueTask<bool> IsAllowedAsync(HttpContext context)
    {
        var origin = context.Request.Headers.Origin.ToString();
        var policy = context.GetEndpoint()?.Metadata.GetMetadata<ICorsMetadata>() switch
        {
            ICorsPolicyMetadata metadata => metadata.Policy,
            IEnableCorsAttribute named when context.RequestServices.GetService<ICorsPolicyProvider>() is { } policies =>
                await policies.GetPolicyAsync(context, named.PolicyName),
            _ => null,
        };
        return origin.Length > 0 && policy is not null && (policy.AllowAnyOrigin || policy.IsOriginAllowed(origin));
    }
}
