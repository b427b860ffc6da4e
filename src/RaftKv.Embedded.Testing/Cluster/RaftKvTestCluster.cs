using Microsoft.Extensions.Hosting;

namespace RaftKv.Embedded.Testing;

/// <summary>
/// A cluster in the test's process: real replicas with their threads, on a network and disks in memory. No ports, no files. Its time is
/// real; elections take tenths of a second.
/// </summary>
public sealed class RaftKvTestCluster : IAsyncDisposable
{
    private static readonly TimeSpan WaitTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(5);

    private RaftKvTestCluster(int nodes, Action<RaftKvTestNode, HostApplicationBuilder>? configure)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(nodes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(nodes, 9);
        Configure = configure;
        Nodes = [.. Enumerable.Range(1, nodes).Select(i => new RaftKvTestNode(this, $"node{i}", $"127.0.0.1:{i}"))];
    }

    /// <summary>All nodes, running or not.</summary>
    public IReadOnlyList<RaftKvTestNode> Nodes { get; }

    /// <summary>
    /// The node that leads and is ready, and that a majority of all nodes, which it reaches, follows in its term; <c>null</c> when there is
    /// none.
    /// </summary>
    public RaftKvTestNode? Leader => Nodes.FirstOrDefault(IsLeader);

    internal InMemoryNetwork Network { get; } = new();

    internal Action<RaftKvTestNode, HostApplicationBuilder>? Configure { get; }

    /// <summary>Starts a cluster, each node in a host of its own, and waits for its leader.</summary>
    /// <param name="nodes">How many, 1 to 9. The default value is 3.</param>
    /// <param name="configure">
    /// Configures the host of a node, before it is built and each time it is started again: services and options of the application under
    /// test. The cluster sets names, addresses and disks, and also <see cref="RaftKvOptions.HeartbeatInterval"/> (20 ms),
    /// <see cref="RaftKvOptions.ElectionTimeout"/> (100 ms), <see cref="RaftKvOptions.ReplacedDiskTimeout"/> (1 s) and
    /// <see cref="RaftKvOptions.LogSegmentBytes"/> (1 MiB).
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="nodes"/> is not from 1 to 9.</exception>
    /// <exception cref="TimeoutException">There was no leader within 60 s; the message has the state of each node.</exception>
    public static async Task<RaftKvTestCluster> StartAsync(
        int nodes = 3, Action<RaftKvTestNode, HostApplicationBuilder>? configure = null, CancellationToken cancellationToken = default)
    {
        var cluster = new RaftKvTestCluster(nodes, configure);
        try
        {
            await Task.WhenAll(cluster.Nodes.Select(n => n.StartAsync(cancellationToken))).ConfigureAwait(false);
            await cluster.WaitForLeaderAsync(cancellationToken).ConfigureAwait(false);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// A cluster whose nodes are started by applications of the test: give each node to one with <see cref="RaftKvTestNode.AddTo"/>, start
    /// them, and wait for the leader.
    /// </summary>
    /// <param name="nodes">How many, 1 to 9. The default value is 3.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="nodes"/> is not from 1 to 9.</exception>
    public static RaftKvTestCluster Create(int nodes = 3) => new(nodes, null);

    /// <summary>Cuts these nodes off from all others, until <see cref="Heal"/>. Messages among these nodes still pass.</summary>
    public void Partition(params IReadOnlyCollection<RaftKvTestNode> nodes)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        foreach (var one in nodes)
        {
            foreach (var other in Nodes.Except(nodes))
                Network.Cut(one.Address, other.Address);
        }
    }

    /// <summary>Ends all partitions and lags.</summary>
    public void Heal() => Network.Heal();

    /// <summary>Waits until a majority of the nodes follows a leader that reaches them and serves reads and writes.</summary>
    /// <exception cref="TimeoutException">There was no leader within 60 s; the message has the state of each node.</exception>
    public async Task<RaftKvTestNode> WaitForLeaderAsync(CancellationToken cancellationToken = default)
    {
        await WaitAsync("No node leads", () => Leader is not null, cancellationToken).ConfigureAwait(false);
        return Leader ?? await WaitForLeaderAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Waits until there is a leader, and every node that runs and is not paused is ready and has applied all that the leader has
    /// committed.
    /// </summary>
    /// <exception cref="TimeoutException">The nodes did not converge within 60 s; the message has the state of each node.</exception>
    public Task WaitForConvergenceAsync(CancellationToken cancellationToken = default) =>
        WaitAsync("The nodes do not converge", HasConverged, cancellationToken);

    /// <summary>Kills all nodes, at the same time.</summary>
    public async ValueTask DisposeAsync() => await Task.WhenAll(Nodes.Select(n => n.KillAsync())).ConfigureAwait(false);

    /// <summary>Shortens the timeouts, because the network in memory has no delay.</summary>
    internal static void Quicken(RaftKvOptions options)
    {
        options.HeartbeatInterval = TimeSpan.FromMilliseconds(20);
        options.ElectionTimeout = TimeSpan.FromMilliseconds(100);
        options.ReplacedDiskTimeout = TimeSpan.FromSeconds(1);
        options.LogSegmentBytes = 1024 * 1024;
    }

    private static RaftKvStatus? StatusOf(RaftKvTestNode node) => node is { IsRunning: true, IsPaused: false } ? node.Cluster.Status : null;

    private bool IsLeader(RaftKvTestNode node) =>
        StatusOf(node) is { Role: RaftKvRole.Leader, IsReady: true } own
        && Nodes.Count(n => Network.Passes(node.Address, n.Address)
            && StatusOf(n) is { } seen && seen.LeaderId == node.Id && seen.Term == own.Term) > Nodes.Count / 2;

    private bool HasConverged()
    {
        if (Leader is not { } leader)
            return false;
        var committed = leader.Cluster.Status.CommitIndex;
        return Nodes.Select(StatusOf).OfType<RaftKvStatus>()
            .All(s => s.IsReady && s.LeaderId == leader.Id && s.AppliedIndex >= committed);
    }

    private async Task WaitAsync(string failure, Func<bool> holds, CancellationToken cancellationToken)
    {
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        while (!holds())
        {
            if (System.Diagnostics.Stopwatch.GetElapsedTime(started) > WaitTimeout)
                throw new TimeoutException($"{failure}: {string.Join("; ", Nodes.Select(Describe))}.");
            await Task.Delay(Poll, cancellationToken).ConfigureAwait(false);
        }
    }

    private static string Describe(RaftKvTestNode node) => StatusOf(node) is { } s
        ? $"{node.Id} {s.Role} in term {s.Term}, leader {s.LeaderId ?? "unknown"}, {s.Readiness}, committed {s.CommitIndex}, applied {s.AppliedIndex}"
        : $"{node.Id} {(node.IsPaused ? "paused" : "down")}";
}
