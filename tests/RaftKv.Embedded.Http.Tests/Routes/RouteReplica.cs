using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Embedded.Http.Tests.Routes;

/// <summary>One replica for all cells of <see cref="RouteTableTests"/>, and one app for each middleware in front of it.</summary>
public sealed class RouteReplica : IAsyncLifetime
{
    private readonly ConcurrentDictionary<string, Lazy<Task<RouteHost>>> _hosts = new();
    private readonly string _directory = TestDirectory.Create();
    private IHost _replica = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Services.AddRaftKv(o => (o.NodeId, o.DataDirectory) = ("node1", _directory));
        _replica = builder.Build();
        await _replica.StartAsync();
        await _replica.Services.GetRequiredService<IDistributedKv>().SetAsync("first", "1"u8.ToArray());
    }

    /// <summary>The app behind this middleware of <see cref="MiddlewareTable"/>.</summary>
    internal Task<RouteHost> HostAsync(string middleware) => _hosts.GetOrAdd(middleware, name => new(() =>
        RouteHost.StartAsync(MiddlewareTable.All[name], _replica.Services, CancellationToken.None))).Value;

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts.Values)
            await (await host.Value).DisposeAsync();
        await _replica.StopAsync();
        _replica.Dispose();
        TestDirectory.Delete(_directory);
    }
}
