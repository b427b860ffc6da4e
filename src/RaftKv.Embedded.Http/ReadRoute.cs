using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace RaftKv.Embedded.Http;

/// <summary>A route that only reads: <c>GET</c>, and <c>HEAD</c> for clients that want the headers alone.</summary>
internal static class ReadRoute
{
    private static readonly string[] HeadMethods = [HttpMethods.Head];

    /// <returns>The route for <c>GET</c>. The route for <c>HEAD</c> is left out of OpenAPI documents.</returns>
    public static IEndpointConventionBuilder MapRead(this IEndpointRouteBuilder routes, string pattern, RequestDelegate handler)
    {
        routes.MapMethods(pattern, HeadMethods, handler).ExcludeFromDescription();
        return routes.MapGet(pattern, handler);
    }
}
