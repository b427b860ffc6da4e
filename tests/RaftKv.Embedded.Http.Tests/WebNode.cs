using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>A real replica with all routes, in this process.</summary>
internal sealed class WebNode : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly DirectoryInfo _directory;
    private bool _disposed;

    private WebNode(WebApplication app, DirectoryInfo directory) => (_app, _directory) = (app, directory);

    public string Url => _app.Urls.First();

    public IServiceProvider Services => _app.Services;

    public IDistributedKv Kv => _app.Services.GetRequiredService<IDistributedKv>();

    public IRaftKvCluster Cluster => _app.Services.GetRequiredService<IRaftKvCluster>();

    /// <param name="nodeId">The node's name.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="configure">Options of the replica.</param>
    /// <param name="services">Services of the app.</param>
    /// <param name="pipeline">Middlewares of the app.</param>
    public static async Task<WebNode> StartAsync(string nodeId, CancellationToken cancellationToken, Action<RaftKvOptions>? configure = null,
        Action<IServiceCollection>? services = null, Action<WebApplication>? pipeline = null)
    {
        var directory = Directory.CreateTempSubdirectory("raftkv-web-");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        // A long election timeout, so that a busy machine does not cause elections.
        builder.Services.AddRaftKv(o =>
        {
            (o.NodeId, o.DataDirectory, o.ElectionTimeout) = (nodeId, directory.FullName, TimeSpan.FromSeconds(1));
            configure?.Invoke(o);
        });
        builder.Services.AddOpenApi();
        services?.Invoke(builder.Services);
        var app = builder.Build();
        pipeline?.Invoke(app);
        app.MapOpenApi();
        app.MapRaftKv(o => o.AllowAnonymous = true);
        app.MapRaftKvDashboard(configure: o => o.AllowAnonymous = true);
        await app.StartAsync(cancellationToken);
        return new WebNode(app, directory);
    }

    /// <summary>Stops the host, and waits until it has.</summary>
    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        await _app.StopAsync();
        await _app.DisposeAsync();
        _directory.Delete(recursive: true);
    }
}
