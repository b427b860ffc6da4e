using System.Net.Http.Json;
using System.Text.Json;
using RaftKv.Testing;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.WebFarm.Tests;

/// <summary>Three servers that were started at once. Tests kill one after the other and bring it back.</summary>
public sealed class Farm : IAsyncLifetime
{
    /// <summary>Long enough for an election on a busy machine.</summary>
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(30);

    private readonly string _directory = TestDirectory.Create();
    private readonly FarmNode[] _nodes;

    public Farm()
    {
        var peers = string.Join(' ', Enumerable.Range(0, 3).Select(_ => $"127.0.0.1:{Ports.Take()}"));
        _nodes = [.. Enumerable.Range(1, 3).Select(i => new FarmNode(i, peers, Path.Combine(_directory, $"node{i}"), RequestTimeout))];
    }

    internal IReadOnlyList<FarmNode> Nodes => _nodes;

    /// <summary>Those that are alive.</summary>
    internal FarmNode[] Running => [.. _nodes.Where(n => n.IsRunning)];

    public async ValueTask InitializeAsync()
    {
        foreach (var node in _nodes)
            node.Start();
        await Task.WhenAll(_nodes.Select(n => n.WaitUntilReadyAsync(TestContext.Current.CancellationToken)));
    }

    /// <summary>Starts the servers that were killed, and waits until they are ready.</summary>
    internal async Task ReviveAsync(CancellationToken cancellationToken)
    {
        foreach (var node in _nodes.Where(n => !n.IsRunning))
        {
            node.Start();
            await node.WaitUntilReadyAsync(cancellationToken);
        }
    }

    /// <summary>SIGKILL for the node that leads; the others notice by themselves.</summary>
    internal async Task<FarmNode> KillLeaderAsync(CancellationToken cancellationToken)
    {
        var status = await Running[0].Http.GetFromJsonAsync<JsonElement>("v1/cluster", cancellationToken);
        var leader = _nodes.Single(n => n.Name == status.GetProperty("leaderId").GetString());
        await leader.KillAsync();
        return leader;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
        TestDirectory.Delete(_directory);
    }
}
