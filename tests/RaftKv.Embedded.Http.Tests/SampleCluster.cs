using System.Net.Http.Json;
using RaftKv.TestNode.Driver;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>Processes of the sample and their directory. Disposing leaves neither behind.</summary>
internal sealed class SampleCluster : IAsyncDisposable
{
    private readonly string _directory = TestDirectory.Create();
    private readonly List<SampleNode> _nodes = [];

    public SampleNode this[string name] => _nodes.Single(n => n.Name == name);

    /// <summary>Starts a new node with an empty directory.</summary>
    public async Task<SampleNode> StartAsync(string name, CancellationToken cancellationToken)
    {
        var node = new SampleNode(name, Path.Combine(_directory, name));
        lock (_nodes)
            _nodes.Add(node);
        await node.StartAsync(cancellationToken);
        return node;
    }

    /// <summary>Three nodes, joined to one cluster that node1 leads.</summary>
    public static async Task<SampleCluster> FormAsync(CancellationToken cancellationToken)
    {
        var cluster = new SampleCluster();
        try
        {
            await Task.WhenAll(new[] { "node1", "node2", "node3" }.Select(name => cluster.StartAsync(name, cancellationToken)));
            using var http = new HttpClient { BaseAddress = cluster["node1"].Url };
            foreach (var name in new[] { "node2", "node3" })
            {
                using var joined = await http.PostAsJsonAsync("v1/cluster/members", new { nodeId = name, address = cluster[name].RaftAddress }, cancellationToken);
                joined.EnsureSuccessStatusCode();
            }
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
        TestDirectory.Delete(_directory);
    }
}
