using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RaftKv.Embedded.Http.Dashboard;

namespace RaftKv.Embedded.Http;

/// <summary>Maps the HTTP API of the replica that <c>AddRaftKv</c> registered.</summary>
public static class RaftKvEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Maps the article's <c>/store</c>, <c>/raft/join</c>, <c>/raft/remove</c>, <c>/raft/stats</c> and <c>/debug/runtime</c>, the keys as bytes at
    /// <c>/v1/kv</c>, the cluster at <c>/v1/cluster</c>, and the probes <c>/livez</c> and <c>/readyz</c>. Keys and changes of the cluster need an
    /// authorization policy or the explicit <see cref="RaftKvHttpOptions.AllowAnonymous"/>; statistics, status and probes need nothing.
    /// </summary>
    /// <param name="endpoints">The app, or a group of it: <c>app.MapGroup("/kv").MapRaftKv(…)</c> puts the routes below a prefix.</param>
    /// <param name="configure">Says who may use the routes.</param>
    /// <returns>The group of all routes, for further conventions.</returns>
    /// <exception cref="InvalidOperationException">Nothing says who may use the routes, or <c>AddRaftKv</c> was not called.</exception>
    public static RouteGroupBuilder MapRaftKv(this IEndpointRouteBuilder endpoints, Action<RaftKvHttpOptions>? configure = null)
    {
        var options = Configure(endpoints, configure, nameof(MapRaftKv));
        if (options is { AuthorizationPolicy: null, AllowAnonymous: false })
        {
            throw new InvalidOperationException(
                "MapRaftKv would open keys and membership to anyone who reaches the port. Name a policy, " +
                "MapRaftKv(o => o.AuthorizationPolicy = \"...\"), or say that this is meant, MapRaftKv(o => o.AllowAnonymous = true).");
        }
        var all = endpoints.MapGroup("");
        StatsEndpoints.Map(all);
        ClusterEndpoints.MapStatus(all);
        ProbeEndpoints.Map(all);
        var guarded = Guarded(all, options, endpoints.ServiceProvider);
        StoreEndpoints.Map(guarded);
        MembershipEndpoints.Map(guarded);
        KvEndpoints.Map(guarded);
        ClusterEndpoints.MapChanges(guarded);
        WatchEndpoint.Map(guarded);
        BackupEndpoint.Map(guarded);
        return all;
    }

    /// <summary>
    /// Maps a page that shows the cluster live: members, log, writes per second and elections. With an authorization policy or the explicit
    /// <see cref="RaftKvHttpOptions.AllowAnonymous"/> it can also browse and edit keys, add and remove members and transfer the leadership. The page
    /// itself shows what the status shows and needs nothing; call <c>RequireAuthorization</c> on the result to close it too.
    /// </summary>
    /// <param name="endpoints">The app, or a group of it.</param>
    /// <param name="pattern">Where the page is; it brings its own copies of the routes it uses, below this.</param>
    /// <param name="configure">Says who may see and change keys and members. By default nobody may.</param>
    /// <returns>The group of the page and its routes, for further conventions.</returns>
    /// <exception cref="InvalidOperationException"><c>AddRaftKv</c> was not called, or both a policy and anonymous access are asked for.</exception>
    public static RouteGroupBuilder MapRaftKvDashboard(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern = "/raftkv", Action<RaftKvHttpOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(pattern);
        var options = Configure(endpoints, configure, nameof(MapRaftKvDashboard));
        var all = endpoints.MapGroup(pattern);
        // The app's document has the routes once, where MapRaftKv put them.
        all.WithMetadata(new ExcludeFromDescriptionAttribute());
        var allowsChanges = options.AllowAnonymous || options.AuthorizationPolicy is not null;
        DashboardEndpoints.Map(all, allowsChanges);
        if (!allowsChanges)
            return all;
        var guarded = Guarded(all, options, endpoints.ServiceProvider);
        KvEndpoints.Map(guarded);
        ClusterEndpoints.MapChanges(guarded);
        return all;
    }

    private static RaftKvHttpOptions Configure(IEndpointRouteBuilder endpoints, Action<RaftKvHttpOptions>? configure, string method)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        if (endpoints.ServiceProvider.GetService<IServiceProviderIsService>()?.IsService(typeof(IDistributedKv)) == false)
            throw new InvalidOperationException($"{method} found no replica to serve. Call services.AddRaftKv(...) first.");
        var options = new RaftKvHttpOptions();
        configure?.Invoke(options);
        if (options is { AuthorizationPolicy: not null, AllowAnonymous: true })
            throw new InvalidOperationException($"{method} was given an AuthorizationPolicy and AllowAnonymous. Choose one.");
        return options;
    }

    private static RouteGroupBuilder Guarded(RouteGroupBuilder all, RaftKvHttpOptions options, IServiceProvider services)
    {
        var group = all.MapGroup("");
        if (options.AuthorizationPolicy is { } policy)
            group.RequireAuthorization(policy);
        else
            HttpLog.OpenToAnyone(services.GetRequiredService<ILoggerFactory>().CreateLogger("RaftKv.Embedded.Http"));
        return group;
    }
}
