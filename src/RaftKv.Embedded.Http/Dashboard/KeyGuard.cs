using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace RaftKv.Embedded.Http.Dashboard;

/// <summary>Keeps the dashboard's own copies of the routes from showing secret values and from changing internal keys.</summary>
internal static class KeyGuard
{
    /// <returns>A group of routes that read one key or a list; values of secret keys are refused.</returns>
    public static RouteGroupBuilder Reading(RouteGroupBuilder routes, InternalKeys keys) => Guarded(routes, context =>
    {
        // The value of a key that is named is answered with keysOnly=true as well.
        if (RequestKey.TryRead(context) is not null || !IsKeysOnly(context))
            RefuseSecrets(context, keys);
    });

    /// <returns>A group of routes that watch keys; values of secret keys are refused.</returns>
    public static RouteGroupBuilder Watching(RouteGroupBuilder routes, InternalKeys keys) => Guarded(routes, context =>
    {
        if (!IsKeysOnly(context))
            RefuseSecrets(context, keys);
    });

    /// <returns>A group of routes that write keys; internal keys are refused.</returns>
    public static RouteGroupBuilder Writing(RouteGroupBuilder routes, InternalKeys keys) => Guarded(routes, context =>
    {
        if (keys.IsInternal(RequestKey.TryRead(context) ?? context.Request.Query["prefix"].ToString()))
            throw Refused("internal_key", "The dashboard does not change keys of the library. Nothing was changed.");
    });

    private static bool IsKeysOnly(HttpContext context) => RequestFlag.Read(context.Request.Query, "keysOnly");

    private static void RefuseSecrets(HttpContext context, InternalKeys keys)
    {
        var isHidden = RequestKey.TryRead(context) is { } key
            ? keys.IsSecret(key) : keys.MayHoldSecrets(context.Request.Query["prefix"].ToString());
        if (isHidden)
        {
            throw Refused("secret_value",
                "The dashboard does not show the values of these keys. Nothing was read. Lists and watches tell the keys alone with "
                    + "keysOnly=true.");
        }
    }

    private static RequestRefusedException Refused(string code, string text) =>
        new(new Problem(StatusCodes.Status403Forbidden, code, text));

    // Wraps the handlers when the endpoints are built. A closed route is replaced after that, and so stays closed.
    private static RouteGroupBuilder Guarded(RouteGroupBuilder routes, Action<HttpContext> check)
    {
        var group = routes.MapGroup("");
        ((IEndpointConventionBuilder)group).Finally(endpoint =>
        {
            var handler = endpoint.RequestDelegate!;
            endpoint.RequestDelegate = ApiRoute.Open(context =>
            {
                check(context);
                return handler(context);
            });
        });
        return group;
    }
}
