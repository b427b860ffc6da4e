using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace RaftKv.Embedded.Http.Tests.Routes;

/// <summary>How an app surrounds the routes: its services, its pipeline, where it maps them, and what its clients send.</summary>
internal sealed record MiddlewareSetup
{
    public Action<WebApplicationBuilder> Services { get; init; } = _ => { };

    public Action<WebApplication> Pipeline { get; init; } = _ => { };

    /// <summary>Where the routes are mapped.</summary>
    public Func<WebApplication, IEndpointRouteBuilder> Routes { get; init; } = app => app;

    public Action<RouteGroupBuilder> Conventions { get; init; } = _ => { };

    /// <summary>What a client puts in front of each path.</summary>
    public string Prefix { get; init; } = "";

    public Version HttpVersion { get; init; } = System.Net.HttpVersion.Version11;

    public DecompressionMethods Decompression { get; init; }

    public bool IsTestServer { get; init; }

    /// <summary>What a client adds to a request for this path.</summary>
    public Action<HttpRequestMessage, string> Request { get; init; } = (_, _) => { };

    /// <summary>What must hold for each response to a request for this path.</summary>
    public Action<HttpResponseMessage, string> Response { get; init; } = (_, _) => { };
}
