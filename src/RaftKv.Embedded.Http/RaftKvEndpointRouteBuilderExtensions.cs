using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace RaftKv.Embedded.Http;

/// <summary>Maps the HTTP API of the replica that <c>AddRaftKv</c> registered.</summary>
public static class RaftKvEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Maps <c>POST /store</c>, <c>GET</c> and <c>DELETE /store/{key}</c>, <c>POST /raft/join</c>, <c>POST /raft/remove</c>, <c>GET /raft/stats</c>
    /// and <c>GET /debug/runtime</c>. Keys and membership need an authorization policy or the explicit
    /// <see cref="RaftKvHttpOptions.AllowAnonymous"/>; statistics need nothing.
    /// </summary>
    /// <param name="endpoints">The app, or a group of it: <c>app.MapGroup("/kv").MapRaftKv(…)</c> puts the routes below a prefix.</param>
    /// <param name="configure">Says who may use the routes.</param>
    /// <returns>The group of all routes, for further conventions.</returns>
    /// <exception cref="InvalidOperationException">Nothing says who may use the routes, or <c>AddRaftKv</c> was not called.</exception>
    public static RouteGroupBuilder MapRaftKv(this IEndpointRouteBuilder endpoints, Action<RaftKvHttpOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var services = endpoints.ServiceProvider;
        if (services.GetService<IServiceProviderIsService>()?.IsService(typeof(IDistributedKv)) == false)
            throw new InvalidOperationException("MapRaftKv found no replica to serve. Call services.AddRaftKv(...) first.");

        var options = new RaftKvHttpOptions();
        configure?.Invoke(options);

        var all = endpoints.MapGroup("");
        StatsEndpoints.Map(all);
        var guarded = all.MapGroup("");
        Guard(guarded, options, services);
        StoreEndpoints.Map(guarded);
        MembershipEndpoints.Map(guarded);
        return all;
    }

    private static void Guard(RouteGroupBuilder group, RaftKvHttpOptions options, IServiceProvider services)
    {
        if (options.AuthorizationPolicy is { } policy)
        {
            if (options.AllowAnonymous)
                throw new InvalidOperationException("MapRaftKv was given an AuthorizationPolicy and AllowAnonymous. Choose one.");
            group.RequireAuthorization(policy);
        }
        else if (options.AllowAnonymous)
        {
            HttpLog.OpenToAnyone(services.GetRequiredService<ILoggerFactory>().CreateLogger("RaftKv.Embedded.Http"));
        }
        else
        {
            throw new InvalidOperationException(
                "MapRaftKv would open keys and membership to anyone who reaches the port. Name a policy, " +
                "MapRaftKv(o => o.AuthorizationPolicy = \"...\"), or say that this is meant, MapRaftKv(o => o.AllowAnonymous = true).");
        }
    }
}
