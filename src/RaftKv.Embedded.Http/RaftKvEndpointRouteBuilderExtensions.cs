using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using RaftKv.Embedded.Client;
using RaftKv.Embedded.Http.Dashboard;

namespace RaftKv.Embedded.Http;

/// <summary>
/// Maps the HTTP API of the replica that <c>AddRaftKv</c> registered, or of one that <c>AddKeyedRaftKv</c> registered. Each cluster needs a
/// prefix of its own: <c>app.MapGroup("/orders").MapRaftKv("orders")</c>.
/// </summary>
public static class RaftKvEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Maps all routes: <c>MapRaftKvKeys</c>, <c>MapRaftKvCluster</c>, <see cref="MapRaftKvProbes"/> and <c>MapRaftKvArticle</c>. Keys and
    /// changes of the cluster answer 403 until something says who may use them, see <see cref="RaftKvHttpOptions"/>; the status is open
    /// unless <see cref="RaftKvHttpOptions.StatusPolicy"/>, a policy on the group or the app's fallback policy closes it; the probes are
    /// always open.
    /// </summary>
    /// <param name="endpoints">The app, or a group of it: <c>app.MapGroup("/kv").MapRaftKv(…)</c> puts the routes below a prefix.</param>
    /// <param name="configure">Says who may use the routes.</param>
    /// <returns>The group of all routes, for further conventions, <c>RequireAuthorization</c> among them.</returns>
    /// <exception cref="InvalidOperationException">
    /// <c>AddRaftKv</c> was not called, or both a policy and anonymous access are asked for.
    /// </exception>
    public static RouteGroupBuilder MapRaftKv(this IEndpointRouteBuilder endpoints, Action<RaftKvHttpOptions>? configure = null) =>
        MapRaftKv(endpoints, name: null, configure);

    /// <summary>
    /// As <see cref="MapRaftKv(IEndpointRouteBuilder, Action{RaftKvHttpOptions})"/>, for a replica that <c>AddKeyedRaftKv</c> added.
    /// </summary>
    /// <param name="endpoints">The app, or a group of it.</param>
    /// <param name="name">The name that <c>AddKeyedRaftKv</c> was given; <c>null</c> for the replica of <c>AddRaftKv</c>.</param>
    /// <param name="configure">Says who may use the routes.</param>
    /// <returns>The group of these routes, for further conventions.</returns>
    /// <exception cref="InvalidOperationException">
    /// There is no such replica, or both a policy and anonymous access are asked for.
    /// </exception>
    public static RouteGroupBuilder MapRaftKv(
        this IEndpointRouteBuilder endpoints, string? name, Action<RaftKvHttpOptions>? configure = null)
    {
        var (all, access) = Begin(endpoints, name, configure, nameof(MapRaftKv));
        MapKeys(access);
        MapCluster(access);
        ProbeEndpoints.Map(all);
        MapArticle(access);
        return all;
    }

    /// <summary>
    /// Maps the keys as bytes, <c>/v1/kv</c>, their changes, <c>/v1/watch</c>, locks, <c>/v1/locks</c>, and leases, <c>/v1/leases</c>. The
    /// routes answer 403 until something says who may use them, see <see cref="RaftKvHttpOptions"/>.
    /// </summary>
    /// <param name="endpoints">The app, or a group of it.</param>
    /// <param name="configure">Says who may use the routes.</param>
    /// <returns>The group of these routes, for further conventions.</returns>
    /// <exception cref="InvalidOperationException">
    /// <c>AddRaftKv</c> was not called, or both a policy and anonymous access are asked for.
    /// </exception>
    public static RouteGroupBuilder MapRaftKvKeys(this IEndpointRouteBuilder endpoints, Action<RaftKvHttpOptions>? configure = null) =>
        MapRaftKvKeys(endpoints, name: null, configure);

    /// <summary>
    /// As <see cref="MapRaftKvKeys(IEndpointRouteBuilder, Action{RaftKvHttpOptions})"/>, for a replica that <c>AddKeyedRaftKv</c> added.
    /// </summary>
    /// <param name="endpoints">The app, or a group of it.</param>
    /// <param name="name">The name that <c>AddKeyedRaftKv</c> was given; <c>null</c> for the replica of <c>AddRaftKv</c>.</param>
    /// <param name="configure">Says who may use the routes.</param>
    /// <returns>The group of these routes, for further conventions.</returns>
    /// <exception cref="InvalidOperationException">
    /// There is no such replica, or both a policy and anonymous access are asked for.
    /// </exception>
    public static RouteGroupBuilder MapRaftKvKeys(
        this IEndpointRouteBuilder endpoints, string? name, Action<RaftKvHttpOptions>? configure = null)
    {
        var (all, access) = Begin(endpoints, name, configure, nameof(MapRaftKvKeys));
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
    public static RouteGroupBuilder MapRaftKvCluster(this IEndpointRouteBuilder endpoints, Action<RaftKvHttpOptions>? configure = null) =>
        MapRaftKvCluster(endpoints, name: null, configure);

    /// <summary>
    /// As <see cref="MapRaftKvCluster(IEndpointRouteBuilder, Action{RaftKvHttpOptions})"/>, for a replica that <c>AddKeyedRaftKv</c> added.
    /// </summary>
    /// <param name="endpoints">The app, or a group of it.</param>
    /// <param name="name">The name that <c>AddKeyedRaftKv</c> was given; <c>null</c> for the replica of <c>AddRaftKv</c>.</param>
    /// <param name="configure">Says who may use the routes.</param>
    /// <returns>The group of these routes, for further conventions.</returns>
    /// <exception cref="InvalidOperationException">
    /// There is no such replica, or both a policy and anonymous access are asked for.
    /// </exception>
    public static RouteGroupBuilder MapRaftKvCluster(
        this IEndpointRouteBuilder endpoints, string? name, Action<RaftKvHttpOptions>? configure = null)
    {
        var (all, access) = Begin(endpoints, name, configure, nameof(MapRaftKvCluster));
        MapCluster(access);
        return all;
    }

    /// <summary>
    /// Maps the probes <c>/livez</c> and <c>/readyz</c>. They run as soon as they are routed, before authentication, session and the other
    /// middlewares behind routing, and are open whatever policies the app has.
    /// </summary>
    /// <param name="endpoints">The app, or a group of it.</param>
    /// <param name="name">
    /// The name that <c>AddKeyedRaftKv</c> was given; <c>null</c>, the default, for the replica of <c>AddRaftKv</c>.
    /// </param>
    /// <returns>The group of these routes, for further conventions.</returns>
    /// <exception cref="InvalidOperationException">There is no such replica.</exception>
    public static RouteGroupBuilder MapRaftKvProbes(this IEndpointRouteBuilder endpoints, string? name = null)
    {
        var (all, _) = Begin(endpoints, name, configure: null, nameof(MapRaftKvProbes));
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
    public static RouteGroupBuilder MapRaftKvArticle(this IEndpointRouteBuilder endpoints, Action<RaftKvHttpOptions>? configure = null) =>
        MapRaftKvArticle(endpoints, name: null, configure);

    /// <summary>
    /// As <see cref="MapRaftKvArticle(IEndpointRouteBuilder, Action{RaftKvHttpOptions})"/>, for a replica that <c>AddKeyedRaftKv</c> added.
    /// </summary>
    /// <param name="endpoints">The app, or a group of it.</param>
    /// <param name="name">The name that <c>AddKeyedRaftKv</c> was given; <c>null</c> for the replica of <c>AddRaftKv</c>.</param>
    /// <param name="configure">Says who may use the routes.</param>
    /// <returns>The group of these routes, for further conventions.</returns>
    /// <exception cref="InvalidOperationException">
    /// There is no such replica, or both a policy and anonymous access are asked for.
    /// </exception>
    public static RouteGroupBuilder MapRaftKvArticle(
        this IEndpointRouteBuilder endpoints, string? name, Action<RaftKvHttpOptions>? configure = null)
    {
        var (all, access) = Begin(endpoints, name, configure, nameof(MapRaftKvArticle));
        MapArticle(access);
        return all;
    }

    /// <summary>
    /// Maps a page that shows the cluster live: members, log, writes per second and elections. With an authorization policy or the explicit
    /// <see cref="RaftKvHttpOptions.AllowAnonymous"/> it can also browse and edit keys, add and remove members and transfer the leadership.
    /// It offers each user what the policies allow; with <see cref="RaftKvHttpOptions.ReadPolicy"/> alone it is read-only. It changes no
    /// internal keys and shows no values of <see cref="RaftKvDashboardOptions.SecretPrefixes"/>. The page itself shows what the status
    /// shows and is open; call <c>RequireAuthorization</c> on the result to close it too.
    /// </summary>
    /// <param name="endpoints">The app, or a group of it.</param>
    /// <param name="pattern">
    /// The route of the page; its own copies of the routes that it uses are below. The default value is <c>/raftkv</c>.
    /// </param>
    /// <param name="configure">Says who may see and change keys and members. By default no client may.</param>
    /// <returns>The group of the page and its routes, for further conventions.</returns>
    /// <exception cref="ArgumentException"><paramref name="pattern"/> is empty.</exception>
    /// <exception cref="InvalidOperationException">
    /// <c>AddRaftKv</c> was not called, or both a policy and anonymous access are asked for.
    /// </exception>
    public static RouteGroupBuilder MapRaftKvDashboard(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern = "/raftkv",
        Action<RaftKvDashboardOptions>? configure = null) =>
        MapRaftKvDashboard(endpoints, name: null, pattern, configure);

    /// <summary>
    /// As <see cref="MapRaftKvDashboard(IEndpointRouteBuilder, string, Action{RaftKvDashboardOptions})"/>, for a replica that
    /// <c>AddKeyedRaftKv</c> added.
    /// </summary>
    /// <param name="endpoints">The app, or a group of it.</param>
    /// <param name="name">The name that <c>AddKeyedRaftKv</c> was given; <c>null</c> for the replica of <c>AddRaftKv</c>.</param>
    /// <param name="pattern">The route of the page; its own copies of the routes that it uses are below.</param>
    /// <param name="configure">Says who may see and change keys and members. By default no client may.</param>
    /// <returns>The group of the page and its routes, for further conventions.</returns>
    /// <exception cref="ArgumentException"><paramref name="pattern"/> is empty.</exception>
    /// <exception cref="InvalidOperationException">
    /// There is no such replica, or both a policy and anonymous access are asked for.
    /// </exception>
    public static RouteGroupBuilder MapRaftKvDashboard(
        this IEndpointRouteBuilder endpoints, string? name, [StringSyntax("Route")] string pattern,
        Action<RaftKvDashboardOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(pattern);
        var options = Configure(endpoints, name, configure, nameof(MapRaftKvDashboard));
        var all = Group(endpoints, pattern, name);
        // The app's document has the routes once, where MapRaftKv put them.
        all.WithMetadata(new ExcludeFromDescriptionAttribute());
        var access = new RouteAccess(all, options, endpoints.ServiceProvider);
        DashboardEndpoints.Map(access.Status, options);
        if (options.OpensKeysOrCluster)
            DashboardEndpoints.MapKeysAndCluster(access, options, Reserved(endpoints.ServiceProvider, name));
        return all;
    }

    private static (RouteGroupBuilder All, RouteAccess Access) Begin(
        IEndpointRouteBuilder endpoints, string? name, Action<RaftKvHttpOptions>? configure, string method)
    {
        var options = Configure(endpoints, name, configure, method);
        // A program without authentication gets 401, not a redirect to a login page.
        var all = Group(endpoints, "", name).DisableCookieRedirect();
        return (all, new RouteAccess(all, options, endpoints.ServiceProvider));
    }

    // No output caching: a cached answer may be older than the consistency that the client asked for, and a cache would wait for the end of
    // a stream, which has none.
    private static RouteGroupBuilder Group(IEndpointRouteBuilder endpoints, string pattern, string? name) =>
        endpoints.MapGroup(pattern).WithMetadata(new OutputCacheAttribute { NoStore = true }, new ServedCluster(name));

    // There are none when the application has replaced the store.
    private static ReservedKeys Reserved(IServiceProvider services, string? name) =>
        (name is null ? services.GetService<ReservedKeys>() : services.GetKeyedService<ReservedKeys>(name)) ?? new ReservedKeys([]);

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

    private static bool HasReplica(IServiceProvider services, string? name) => name is null
        ? services.GetService<IServiceProviderIsService>()?.IsService(typeof(IDistributedKv)) != false
        : services.GetService<IServiceProviderIsKeyedService>()?.IsKeyedService(typeof(IDistributedKv), name) != false;

    private static TOptions Configure<TOptions>(IEndpointRouteBuilder endpoints, string? name, Action<TOptions>? configure, string method)
        where TOptions : RaftKvHttpOptions, new()
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        if (!HasReplica(endpoints.ServiceProvider, name))
        {
            throw new InvalidOperationException(name is null
                ? $"{method} found no replica to serve. Call services.AddRaftKv(...) first, or give {method} the name of one that "
                    + "AddKeyedRaftKv added."
                : $"{method} found no replica with the name '{name}'. Call services.AddKeyedRaftKv(\"{name}\", ...) first.");
        }
        var options = new TOptions();
        configure?.Invoke(options);
        if (options is { AuthorizationPolicy: not null, AllowAnonymous: true })
            throw new InvalidOperationException($"{method} was given an AuthorizationPolicy and AllowAnonymous. Choose one.");
        return options;
    }
}
