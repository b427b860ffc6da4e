using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RaftKv.Embedded;
using RaftKv.TestNode.Driver;

namespace RaftKv.Benchmarks;

/// <summary>A cluster of one node in this process.</summary>
internal sealed class LocalNode : IAsyncDisposable
{
    private readonly string _directory;
    private readonly IHost _host;

    private LocalNode(string directory, IHost host) => (_directory, _host) = (directory, host);

    public IDistributedKv Kv => _host.Services.GetRequiredService<IDistributedKv>();

    public IRaftKvCluster Cluster => _host.Services.GetRequiredService<IRaftKvCluster>();

    public static async Task<LocalNode> StartAsync(Action<RaftKvOptions> configure)
    {
        var directory = TestDirectory.Create();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddRaftKv(o =>
        {
            o.DataDirectory = Path.Combine(directory, "data");
            configure(o);
        });
        var node = new LocalNode(directory, builder.Build());
        await node._host.StartAsync();
        await node.Kv.SetAsync("first", default);
        return node;
    }

    /// <summary>Puts the keys: 256 in each transaction, up to 16 transactions at once.</summary>
    public Task FillAsync(string[] keys, int valueBytes)
    {
        var value = new byte[valueBytes];
        return Parallel.ForEachAsync(keys.Chunk(256), new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (chunk, _) => await Kv.SetManyAsync(chunk.Select(key => new KeyValuePair<string, ReadOnlyMemory<byte>>(key, value))));
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
        TestDirectory.Delete(_directory);
    }
}
