using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using RaftKv.Embedded.Http.Dashboard;

namespace RaftKv.Embedded.Http;

/// <summary>Maps the HTTP API of the replica that <c>AddRaftKv</c> registered.</summary>
public static class RaftKvEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Maps all routes: <see cref="MapRaftKvKeys"/>, <see cref="MapRaftKvCluster"/>, <see cref="MapRaftKvProbes"/> and
    /// <see cref="MapRaftKvArticle"/>. Keys and changes of the cluster answer 403 until something says who may use them, see
    /// <see cref="RaftKvHttpOptions"/>; the status needs nothing unless <see cref="RaftKvHttpOptions.StatusPolicy"/>, a policy on the group
    /// or the app's fallback policy says so; the probes never need anything.
    /// </summary>
    /// <param name="endpoints">The app, or a group of it: <c>app.MapGroup("/kv").MapRaftKv(…)</c> puts the routes below a prefix.</param>
    /// <param name="configure">Says who may use the routes.</param>
    /// <returns>The group of all routes, for further conventions, <c>RequireAuthorization</c> among them.</returns>
    /// <exception cref="InvalidOperationException">
    /// <c>AddRaftKv</c> was not called, or both a policy and anonymous access are asked for.
    /// </exception>
    public static RouteGroupBuilder MapRaftKv(this IEndpointRouteBuilder endpoints, Action<RaftKvHttpOptions>? configure = null)
    {
        var (all, access) = Begin(endpoints, "", configure, nameof(MapRaftKv));
        MapKeys(access);
        MapCluster(access);
        ProbeEndpoints.Map(all);
        MapArticle(access);
        return all;
    }

    /// <summary>
    /// Maps the keys as bytes, <c>/v1/kv</c>, their changes, <c>/v1/watch</c>, and what holds keys, <c>/v1/locks</c> and <c>/v1/leases</c>.
    /// They answer 403 until something says who may use them, see <see cref="RaftKvHttpOptions"/>.
    /// </summary>
    /// <param name="endpoints">The app, or a group of it.</param>
    /// <param name="configure">Says who may use the routes.</param>
    /// <returns>The group of these routes, for further conventions.</returns>
    /// <exception cref="InvalidOperationException">
    /// <c>AddRaftKv</c> was not called, or both a policy and anonymous access are asked for.
    /// </exception>
    public static RouteGroupBuilder MapRaftKvKeys(this IEndpointRouteBuilder endpoints, Action<RaftKvHttpOptions>? configure = null)
    {
        var (all, access) = Begin(endpoints, "", configure, nameof(MapRaftKvKeys));
        MapKeys(access);
        return all;
    }

    /// <summary>
    /// Maps the cluster: its status at <c>/v1/cluster</c>, and below it members, transfer of the leadership, snapshots and backups. All but
    /// the status answer 403 until something says who may use them, see <see cref="RaftKvHttpOptions"/>.
    /// </summary>
    /// <param name="endpoints">The app, or a group of it.</param>
    /// <param name="configure">Says who may use the routes.</param>
    /// <returns>The group of these routes, for further conventions.</returns>
    /// <exception cref="InvalidOperationException">
    /// <c>AddRaftKv</c> was not called, or both a policy and anonymous access are asked for.
    /// </exception>
    public static RouteGroupBuilder MapRaftKvCluster(this IEndpointRouteBuilder endpoints, Action<RaftKvHttpOptions>? configure = null)
    {
        var (all, access) = Begin(endpoints, "", configure, nameof(MapRaftKvCluster));
        MapCluster(access);
        return all;
    }

    /// <summary>
    /// Maps the probes <c>/livez</c> and <c>/readyz</c>. They run where the app routes, before authentication, session and the other
    /// middlewares behind it, and are open whatever policies the app has.
    /// </summary>
    /// <param name="endpoints">The app, or a group of it.</param>
    /// <returns>The group of these routes, for further conventions.</returns>
    /// <exception cref="InvalidOperationException"><c>AddRaftKv</c> was not called.</exception>
    public static RouteGroupBuilder MapRaftKvProbes(this IEndpointRouteBuilder endpoints)
    {
        var (all, _) = Begin(endpoints, "", configure: null, nameof(MapRaftKvProbes));
        ProbeEndpoints.Map(all);
        return all;
    }

    /// <summary>
    /// Maps the routes of the article: <c>/store</c>, <c>/raft/join</c>, <c>/raft/remove</c>, <c>/raft/stats</c>, and
    /// <c>/debug/runtime</c>. All but the last two answer 403 until something says who may use them, see <see cref="RaftKvHttpOptions"/>.
    /// </summary>
    /// <param name="endpoints">The app, or a group of it.</param>
    /// <param name="configure">Says who may use the routes.</param>
    /// <returns>The group of these routes, for further conventions.</returns>
    /// <exception cref="InvalidOperationException">
    /// <c>AddRaftKv</c> was not called, or both a policy and anonymous access are asked for.
    /// </exception>
    public static RouteGroupBuilder MapRaftKvArticle(this IEndpointRouteBuilder endpoints, Action<RaftKvHttpOptions>? configure = null)
    {
        var (all, access) = Begin(endpoints, "", configure, nameof(MapRaftKvArticle));
        MapArticle(access);
        return all;
    }

    /// <summary>
    /// Maps a page that shows the cluster live: members, log, writes per second and elections. With an authorization policy or the explicit
    /// <see cref="RaftKvHttpOptions.AllowAnonymous"/> it can also browse and edit keys, add and remove members and transfer the leadership. It offers
    /// each user what the policies allow; with <see cref="RaftKvHttpOptions.ReadPolicy"/> alone it is read-only. It changes no internal keys and shows
    /// no values of <see cref="RaftKvDashboardOptions.SecretPrefixes"/>. The page itself shows what the status shows and needs nothing; call
    /// <c>RequireAuthorization</c> on the result to close it too.
    /// </summary>
    /// <param name="endpoints">The app, or a group of it.</param>
    /// <param name="pattern">Where the page is; it brings its own copies of the routes it uses, below this.</param>
    /// <param name="configure">Says who may see and change keys and members. By default no client may.</param>
    /// <returns>The group of the page and its routes, for further conventions.</returns>
    /// <exception cref="InvalidOperationException">
    /// <c>AddRaftKv</c> was not called, or both a policy and anonymous access are asked for.
    /// </exception>
    public static RouteGroupBuilder MapRaftKvDashboard(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern = "/raftkv", Action<RaftKvDashboardOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(pattern);
        var options = Configure(endpoints, configure, nameof(MapRaftKvDashboard));
        var all = Group(endpoints, pattern);
        // The app's document has the routes once, where MapRaftKv put them.
        all.WithMetadata(new ExcludeFromDescriptionAttribute());
        var access = new RouteAccess(all, options, endpoints.ServiceProvider);
        DashboardEndpoints.Map(access.Status, options);
        if (options.OpensKeysOrCluster)
            DashboardEndpoints.MapKeysAndCluster(access, options, endpoints.ServiceProvider);
        return all;
    }

    private static (RouteGroupBuilder All, RouteAccess Access) Begin(
        IEndpointRouteBuilder endpoints, string pattern, Action<RaftKvHttpOptions>? configure, string method)
    {
        var options = Configure(endpoints, configure, method);
        // A program is told 401, and not sent to a page where people log in.
        var all = Group(endpoints, pattern).DisableCookieRedirect();
        return (all, new RouteAccess(all, options, endpoints.ServiceProvider));
    }

    // The store's answers are as old as the client asked for, and streams have no end that a cache could wait for.
    private static RouteGroupBuilder Group(IEndpointRouteBuilder endpoints, string pattern) =>
        endpoints.MapGroup(pattern).WithMetadata(new OutputCacheAttribute { NoStore = true });

    private static void MapKeys(RouteAccess access)
    {
        KvEndpoints.MapReads(access.Read);
        KvEndpoints.MapWrites(access.Write);
        WatchEndpoint.Map(access.Read);
        LocksEndpoint.Map(access.Read);
        LeasesEndpoint.Map(access.Read);
    }

    private static void MapCluster(RouteAccess access)
    {
        ClusterEndpoints.MapStatus(access.Status);
        ClusterEndpoints.MapChanges(access.Admin);
        BackupEndpoint.Map(access.Admin);
    }

    private static void MapArticle(RouteAccess access)
    {
        StatsEndpoints.Map(access.Status);
        StoreEndpoints.MapReads(access.Read);
        StoreEndpoints.MapWrites(access.Write);
        MembershipEndpoints.Map(access.Admin);
    }

    private static TOptions Configure<TOptions>(IEndpointRouteBuilder endpoints, Action<TOptions>? configure, string method)
        where TOptions : RaftKvHttpOptions, new()
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        if (endpoints.ServiceProvider.GetService<IServiceProviderIsService>()?.IsService(typeof(IDistributedKv)) == false)
            throw new InvalidOperationException($"{method} found no replica to serve. Call services.AddRaftKv(...) first.");
        var options = new TOptions();
        configure?.Invoke(options);
        if (options is { AuthorizationPolicy: not null, AllowAnonymous: true })
            throw new InvalidOperationException($"{method} was given an AuthorizationPolicy and AllowAnonymous. Choose one.");
        return options;
    }
}
