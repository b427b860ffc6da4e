using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace RaftKv.Embedded.Http.Tests.Routes;

/// <summary>An app with all routes behind one middleware, over a replica that runs elsewhere in this process.</summary>
internal sealed class RouteHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly MiddlewareSetup _setup;
    private readonly HttpClient _client;

    private RouteHost(WebApplication app, MiddlewareSetup setup) => (_app, _setup, _client) = (app, setup, Client(app, setup));

    public IDistributedKv Kv => _app.Services.GetRequiredService<IDistributedKv>();

    public IRaftKvCoordination Coordination => _app.Services.GetRequiredService<IRaftKvCoordination>();

    public IRaftKvCluster Cluster => _app.Services.GetRequiredService<IRaftKvCluster>();

    /// <summary>What the app logged as a warning or worse.</summary>
    public Warnings Log { get; private init; } = null!;

    public static async Task<RouteHost> StartAsync(MiddlewareSetup setup, IServiceProvider replica, CancellationToken cancellationToken)
    {
        var log = new Warnings();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(log);
        builder.Services.AddSingleton(replica.GetRequiredService<IDistributedKv>());
        builder.Services.AddSingleton(replica.GetRequiredService<IRaftKvCluster>());
        // A store in memory has neither leases nor coordination.
        if (replica.GetService<IRaftKvLeases>() is { } leases && replica.GetService<IRaftKvCoordination>() is { } coordination)
            builder.Services.AddSingleton(leases).AddSingleton(coordination);
        setup.Services(builder);
        if (setup.IsTestServer)
            builder.WebHost.UseTestServer();
        else
            builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        setup.Pipeline(app);
        var routes = setup.Routes(app);
        setup.Conventions(routes.MapRaftKv(o => o.AllowAnonymous = true));
        setup.Conventions(routes.MapRaftKvDashboard(configure: o => o.AllowAnonymous = true));
        await app.StartAsync(cancellationToken);
        log.Lines.Clear(); // That the routes are open is not of interest here.
        return new RouteHost(app, setup) { Log = log };
    }

    /// <summary>Sends a request and returns when the headers of the response have arrived.</summary>
    public async Task<HttpResponseMessage> SendAsync(string method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        var bare = path.Split('?')[0];
        using var request = new HttpRequestMessage(new HttpMethod(method), _setup.Prefix + path)
        {
            Content = content,
            Version = _setup.HttpVersion,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        _setup.Request(request, bare);
        var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        Assert.Equal(_setup.HttpVersion, response.Version);
        _setup.Response(response, bare);
        return response;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
    }

    private static HttpClient Client(WebApplication app, MiddlewareSetup setup) => setup.IsTestServer
        ? app.GetTestClient()
        : new HttpClient(new SocketsHttpHandler { AutomaticDecompression = setup.Decompression })
        { BaseAddress = new Uri(app.Urls.First()) };
}
