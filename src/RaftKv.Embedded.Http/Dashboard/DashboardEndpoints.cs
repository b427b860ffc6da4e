using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using RaftKv.Embedded.Client;

namespace RaftKv.Embedded.Http.Dashboard;

/// <summary>
/// The routes of the dashboard: the page, the stream of events that it shows, and its own copies of the routes for keys and members.
/// </summary>
internal static class DashboardEndpoints
{
    /// <param name="routes">The dashboard's group.</param>
    /// <param name="options">What is opened, and the links to the other nodes.</param>
    public static void Map(IEndpointRouteBuilder routes, RaftKvDashboardOptions options)
    {
        var page = DashboardPage.Create(options.OpensKeysOrCluster);
        routes.MapRead("", context =>
        {
            var response = context.Response;
            response.ContentType = "text/html; charset=utf-8";
            response.ContentLength = page.Html.Length;
            response.Headers.CacheControl = "no-cache";
            response.Headers.ContentSecurityPolicy = page.ContentSecurityPolicy;
            response.Headers.XContentTypeOptions = "nosniff";
            response.Headers["Referrer-Policy"] = "no-referrer";
            return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask
                : response.Body.WriteAsync(page.Html, context.RequestAborted).AsTask();
        });
        routes.MapGet("/events", ApiRoute.Guarded(new StatusStream(options).AnswerAsync)).DisableRequestTimeout().DisableCookieRedirect();
    }

    /// <summary>The page's own copies of the routes for keys and members, and those that only it uses.</summary>
    /// <param name="access">The groups of routes.</param>
    /// <param name="options">What is opened.</param>
    /// <param name="reserved">The keys that the page does not change.</param>
    public static void MapKeysAndCluster(RouteAccess access, RaftKvDashboardOptions options, ReservedKeys reserved)
    {
        var keys = new InternalKeys(reserved, options.SecretPrefixes);
        var (names, values) = (access.Read, KeyGuard.Reading(access.Read, keys));
        var (writes, admin) = (KeyGuard.Writing(access.Write, keys), access.Admin);
        var rights = new DashboardRights(options, keys);
        rights.Observe(names, writes, admin);
        rights.Map(access.Status);
        var prefixes = new PrefixEndpoints(keys);
        prefixes.MapReads(names);
        prefixes.MapWrites(writes);
        new TreeEndpoint(keys).Map(names);
        LocksEndpoint.Map(names);
        LeasesEndpoint.Map(names);
        KvEndpoints.MapReads(values);
        WatchEndpoint.Map(KeyGuard.Watching(access.Read, keys));
        KvEndpoints.MapWrites(writes);
        ClusterEndpoints.MapChanges(admin);
        BackupEndpoint.Map(admin);
    }
}
