using System.Net;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace RaftKv.Embedded.Http;

/// <summary>
/// DNS rebinding: a web page lets the name of its own site resolve to 127.0.0.1 and is then of the same origin as a server that listens
/// there. Only the <c>Host</c> header shows it. A request over the loopback interface that needs no authentication must name a loopback
/// host, this machine or an IP address. Apps that filter hosts themselves (<c>AllowedHosts</c>, <c>RequireHost</c>) decide on their own.
/// </summary>
internal static class RequestHost
{
    private static readonly string[] AnyAddress = ["*", "[::]", "0.0.0.0"];

    /// <exception cref="RequestRefusedException">The request names a foreign host.</exception>
    public static void Check(HttpContext context)
    {
        if (context.Connection.LocalIpAddress is not { } local || !IPAddress.IsLoopback(local))
            return;
        if (IsOwn(context.Request.Host) || NeedsAuthentication(context) || IsFiltered(context))
            return;
        throw RequestRefusedException.BadInput("Host",
            $"The host {context.Request.Host.Host} is not allowed over the loopback interface without authentication. "
            + "Nothing was read or changed. Use localhost, or list the hosts of this app in AllowedHosts.");
    }

    private static bool IsOwn(HostString host)
    {
        var name = host.Host.AsSpan().TrimEnd('.');
        return name.IsEmpty
            || name.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || name.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
            || name.Equals(Environment.MachineName, StringComparison.OrdinalIgnoreCase)
            || IPAddress.TryParse(name, out _);
    }

    private static bool NeedsAuthentication(HttpContext context)
    {
        var metadata = context.GetEndpoint()?.Metadata;
        return context.User.Identity?.IsAuthenticated == true
            || (metadata?.GetMetadata<IAuthorizeData>() is not null && metadata.GetMetadata<IAllowAnonymous>() is null);
    }

    private static bool IsFiltered(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<IHostMetadata>() is { Hosts.Count: > 0 }
        || (context.RequestServices.GetService<IOptions<HostFilteringOptions>>()?.Value.AllowedHosts is { Count: > 0 } allowed
            && !allowed.Any(AnyAddress.Contains));
}
