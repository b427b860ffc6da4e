using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace RaftKv.Embedded.Http;

/// <summary>
/// Groups of routes by the rights that they need. Whether a policy applies to a route is decided when the endpoints are built. Policies of
/// an outer group count therefore, and policies that are added to the result of a mapping method.
/// </summary>
internal sealed class RouteAccess(RouteGroupBuilder all, RaftKvHttpOptions options, IServiceProvider services)
{
    // Each warning is logged once per app: the routes may be mapped in several calls, and endpoints are built again when the app's routes
    // change.
    private static readonly ConditionalWeakTable<IServiceProvider, object> WarnedOfOpen = [];
    private static readonly ConditionalWeakTable<IServiceProvider, object> WarnedOfClosed = [];

    /// <summary>The group of routes that read keys.</summary>
    public RouteGroupBuilder Read => Closed(options.ReadPolicy);

    /// <summary>The group of routes that write keys.</summary>
    public RouteGroupBuilder Write => Closed(options.WritePolicy);

    /// <summary>The group of routes that change the cluster or take all of its data.</summary>
    public RouteGroupBuilder Admin => Closed(options.AdminPolicy);

    /// <summary>The group of routes that tell the status.</summary>
    public RouteGroupBuilder Status
    {
        get
        {
            var group = all.MapGroup("");
            return options.StatusPolicy is { } policy ? group.RequireAuthorization(policy) : group;
        }
    }

    private ILogger Logger => services.GetRequiredService<ILoggerFactory>().CreateLogger("RaftKv.Embedded.Http");

    private RouteGroupBuilder Closed(string? ownPolicy)
    {
        var group = all.MapGroup("").DisableCookieRedirect();
        if ((ownPolicy ?? options.AuthorizationPolicy) is { } policy)
            return group.RequireAuthorization(policy);
        if (!options.AllowAnonymous)
            ((IEndpointConventionBuilder)group).Finally(CloseUnlessDecided);
        else if (WarnedOfOpen.TryAdd(services, services))
            HttpLog.AnonymousAllowed(Logger);
        return group;
    }

    private void CloseUnlessDecided(EndpointBuilder endpoint)
    {
        if (endpoint.Metadata.Any(m => m is IAuthorizeData or AuthorizationPolicy or IAuthorizationRequirementData or IAllowAnonymous))
            return;
        if (services.GetService<IOptions<AuthorizationOptions>>()?.Value.FallbackPolicy is not null)
            return;
        if (WarnedOfClosed.TryAdd(services, services))
            HttpLog.Closed(Logger, endpoint.DisplayName ?? "");
        endpoint.RequestDelegate = static context => ApiRoute.ProblemAsync(context, new Problem(StatusCodes.Status403Forbidden, "closed",
            "This route is closed: nothing in the app says who may use it. Nothing was read or changed. "
            + "Name a policy, MapRaftKv(o => o.AuthorizationPolicy = \"...\") or MapRaftKv().RequireAuthorization(), "
            + "or open it to every client, MapRaftKv(o => o.AllowAnonymous = true)."));
    }
}
