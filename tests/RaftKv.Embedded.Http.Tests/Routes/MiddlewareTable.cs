using System.Net;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.AspNetCore.Rewrite;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace RaftKv.Embedded.Http.Tests.Routes;

/// <summary>The middlewares of ASP.NET Core that stand between a client and the routes, each set up as its documentation shows.</summary>
internal static class MiddlewareTable
{
    private const string Origin = "https://ui.example";

    private static readonly string[] Probes = ["/livez", "/readyz"];

    public static readonly Dictionary<string, MiddlewareSetup> All = new()
    {
        ["nothing"] = new(),
        ["request timeouts"] = new()
        {
            Services = b => b.Services.AddRequestTimeouts(o => o.DefaultPolicy = new() { Timeout = TimeSpan.FromSeconds(30) }),
            Pipeline = app => app.UseRequestTimeouts(),
        },
        ["output caching"] = new()
        {
            Services = b => b.Services.AddOutputCache(o => o.AddBasePolicy(p => p.Expire(TimeSpan.FromMinutes(5)))),
            Pipeline = app => app.UseOutputCache(),
        },
        ["response caching"] = new() { Services = b => b.Services.AddResponseCaching(), Pipeline = app => app.UseResponseCaching() },
        ["response compression"] = new()
        {
            Services = b => b.Services.AddResponseCompression(o => o.MimeTypes =
                [.. ResponseCompressionDefaults.MimeTypes, "application/problem+json", "application/octet-stream", "text/event-stream"]),
            Pipeline = app => app.UseResponseCompression(),
            Decompression = DecompressionMethods.GZip | DecompressionMethods.Brotli,
        },
        ["request decompression"] = new()
        {
            Services = b => b.Services.AddRequestDecompression(),
            Pipeline = app => app.UseRequestDecompression(),
        },
        ["error pages"] = new()
        {
            Pipeline = app => app.UseExceptionHandler("/error").UseStatusCodePagesWithReExecute("/error"),
        },
        ["path base"] = new()
        {
            Pipeline = app => ((IApplicationBuilder)app).UsePathBase("/base").UseRouting(),
            Prefix = "/base",
        },
        ["forwarded prefix"] = new()
        {
            Services = b => b.Services.Configure<ForwardedHeadersOptions>(o => o.ForwardedHeaders = ForwardedHeaders.All),
            Pipeline = app => ((IApplicationBuilder)app).UseForwardedHeaders().UseRouting(),
            Request = (request, _) => request.Headers.Add("X-Forwarded-Prefix", "/shop"),
        },
        ["path rewrite"] = new()
        {
            Pipeline = app => ((IApplicationBuilder)app)
                .UseRewriter(new RewriteOptions().AddRewrite("^old/(.*)", "$1", skipRemainingRules: true)).UseRouting(),
            Prefix = "/old",
        },
        ["fallback policy"] = new()
        {
            Services = b =>
            {
                b.Services.AddAuthentication("none").AddScheme<AuthenticationSchemeOptions, HeaderAuthentication>("none", null);
                b.Services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
            },
            Request = (request, path) =>
            {
                if (!Probes.Contains(path))
                    request.Headers.Add("X-Name", "operator");
            },
        },
        ["cors"] = new()
        {
            Services = b => b.Services.AddCors(o => o.AddPolicy("ui", p => p.WithOrigins(Origin).AllowAnyMethod().AllowAnyHeader())),
            Pipeline = app => app.UseCors(),
            Conventions = routes => routes.RequireCors("ui"),
            Request = (request, _) =>
            {
                request.Headers.Add("Origin", Origin);
                request.Headers.Add("Sec-Fetch-Site", "cross-site");
            },
            Response = (response, path) =>
            {
                if (!Probes.Contains(path))
                    Assert.Equal([Origin], response.Headers.GetValues("Access-Control-Allow-Origin"));
            },
        },
        ["rate limiting"] = new()
        {
            Services = b => b.Services.AddRateLimiter(o => o.AddConcurrencyLimiter("kv", l => (l.PermitLimit, l.QueueLimit) = (100, 100))),
            Pipeline = app => app.UseRateLimiter(),
            Conventions = routes => routes.RequireRateLimiting("kv"),
        },
        ["group"] = new() { Routes = app => app.MapGroup("/api/kv"), Prefix = "/api/kv" },
        ["group with a parameter"] = new() { Routes = app => app.MapGroup("/api/v{version}"), Prefix = "/api/v2" },
        ["test server"] = new() { IsTestServer = true },
        ["http/2"] = new()
        {
            Services = b => b.WebHost.ConfigureKestrel(k => k.ConfigureEndpointDefaults(e => e.Protocols = HttpProtocols.Http2)),
            HttpVersion = System.Net.HttpVersion.Version20,
        },
    };
}
