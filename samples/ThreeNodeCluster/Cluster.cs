using System.Diagnostics;

namespace RaftKv.Samples.ThreeNodeCluster;

/// <summary>
/// The node processes of one run, their ports and their temporary directory. Disposing leaves neither process nor file behind.
/// </summary>
internal sealed class Cluster : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(25);

    private readonly Ports _ports = new();
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("raftkv-three-nodes-");
    private readonly List<NodeProcess> _nodes = [];

    public ClusterClient Client { get; } = new();

    /// <summary>Every node that was ever started, dead or alive, in the order of their names.</summary>
    public IReadOnlyList<NodeProcess> Nodes
    {
        get
        {
            lock (_nodes)
                return [.. _nodes];
        }
    }

    public IEnumerable<NodeProcess> Running => Nodes.Where(n => n.IsRunning);

    public NodeProcess? Find(string name) => Nodes.FirstOrDefault(n => n.Name == name);

    public NodeProcess this[string name] => Find(name)
        ?? throw new StepFailedException($"There is no {name}. There are: {string.Join(", ", Nodes.Select(n => n.Name))}.");

    /// <summary>Starts a new node with an empty directory and waits until it has opened it.</summary>
    public async Task<NodeProcess> StartNodeAsync(string name, CancellationToken cancellationToken)
    {
        var node = new NodeProcess(name, _ports.Next(), _ports.Next(), Path.Combine(_directory.FullName, name));
        lock (_nodes)
            _nodes.Add(node);
        await StartAsync(node, cancellationToken);
        return node;
    }

    /// <summary>Starts a node that was killed, with the directory it had, and waits until it has opened it.</summary>
    public async Task StartAsync(NodeProcess node, CancellationToken cancellationToken)
    {
        node.Start();
        await UntilAsync($"{node.Name} has opened its data", async () =>
        {
            if (!node.IsRunning)
                throw new StepFailedException($"{node.Name} ended by itself: {string.Join(" | ", node.Output.TakeLast(5))}");
            return await Client.TryStatsAsync(node, cancellationToken) is { State: not "Opening" };
        }, cancellationToken);
    }

    /// <summary>Starts three nodes and joins them to one cluster.</summary>
    public async Task FormAsync(CancellationToken cancellationToken)
    {
        var nodes = await Task.WhenAll(((string[])["node1", "node2", "node3"]).Select(name => StartNodeAsync(name, cancellationToken)));
        await Client.JoinAsync(nodes[0], nodes[1], cancellationToken);
        await Client.JoinAsync(nodes[0], nodes[2], cancellationToken);
        await LeadershipAsync(cancellationToken);
    }

    /// <summary>Waits until every running member names the same leader in the same term.</summary>
    public async Task<Leadership> LeadershipAsync(CancellationToken cancellationToken)
    {
        Leadership? agreed = null;
        await UntilAsync("all nodes know one leader",
            async () => (agreed = await TryLeadershipAsync(cancellationToken)) is not null, cancellationToken);
        return agreed!;
    }

    /// <summary>The leader on which all running members agree now; <c>null</c> if they do not.</summary>
    public async Task<Leadership?> TryLeadershipAsync(CancellationToken cancellationToken)
    {
        var stats = await Task.WhenAll(Running.Select(n => Client.TryStatsAsync(n, cancellationToken)));
        if (stats.Contains(null))
            return null;
        var views = stats.Where(s => s!.State is not ("Removed" or "Unformed"))
            .Select(s => new Leadership(s!.LeaderId, s.Term)).Distinct().ToList();
        return views is [{ Leader.Length: > 0 } one] && stats.Any(s => s!.State == "Leader") ? one : null;
    }

    /// <summary>A running member that does not lead.</summary>
    public async Task<NodeProcess> FollowerAsync(CancellationToken cancellationToken)
    {
        var (leader, _) = await LeadershipAsync(cancellationToken);
        foreach (var node in Running.Where(n => n.Name != leader))
        {
            if ((await Client.TryStatsAsync(node, cancellationToken))?.State == "Follower")
                return node;
        }
        throw new StepFailedException("The cluster has no follower that runs.");
    }

    /// <summary>Waits for a condition, 30 s at most.</summary>
    public static async Task UntilAsync(string what, Func<Task<bool>> holds, CancellationToken cancellationToken)
    {
        var waited = Stopwatch.StartNew();
        while (!await holds())
        {
            if (waited.Elapsed > Patience)
                throw new StepFailedException($"Waited {Patience.TotalSeconds:0} s in vain until {what}.");
            await Task.Delay(PollInterval, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in Nodes)
            await node.DisposeAsync();
        Client.Dispose();
        _directory.Delete(recursive: true);
    }
}
