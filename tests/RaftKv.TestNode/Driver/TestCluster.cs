using System.Diagnostics;
using System.Globalization;
using System.Text;
using RaftKv.Embedded;
using RaftKv.Testing;

namespace RaftKv.TestNode.Driver;

/// <summary>A cluster of real processes on loopback. Its data is below one temporary directory, which is deleted with it.</summary>
public sealed class TestCluster : IAsyncDisposable
{
    /// <summary>Not shorter, because each poll asks every node for its whole status.</summary>
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(25);

    private readonly Func<string, NodeProgram> program;
    private readonly Action<RaftKvOptions>? configure;
    private readonly List<ClusterNode> nodes = [];

    /// <param name="program">What to run for a node, by its name.</param>
    public TestCluster(Action<RaftKvOptions>? configure = null, Func<string, NodeProgram>? program = null)
    {
        this.program = program ?? (_ => NodeProgram.TestNode);
        this.configure = configure;
        Root = TestDirectory.Create();
    }

    /// <summary>The directory that holds one data directory and one log per node.</summary>
    public string Root { get; }

    public IReadOnlyList<ClusterNode> Nodes => nodes;

    public IEnumerable<ClusterNode> Running => nodes.Where(n => n.IsRunning);

    public ClusterNode this[string nodeId] => nodes.Single(n => n.NodeId == nodeId);

    /// <summary>Starts nodes that name each other as the first members, and waits until every one of them is ready.</summary>
    public static async Task<TestCluster> FormAsync(int count = 3, Action<RaftKvOptions>? configure = null, Func<string, NodeProgram>? program = null)
    {
        var cluster = new TestCluster(configure, program);
        try
        {
            var members = Enumerable.Range(1, count).Select(_ => cluster.AddNode()).ToArray();
            foreach (var node in members)
            {
                foreach (var member in members)
                    node.Options.InitialMembers.Add(new RaftKvMember { NodeId = member.NodeId, Address = member.Address });
            }

            await Task.WhenAll(members.Select(n => n.StartAsync()));
            await Task.WhenAll(members.Select(n => n.WaitUntilReadyAsync()));
            return cluster;
        }
        catch (Exception e)
        {
            var tails = cluster.LogTails();
            await cluster.DisposeAsync();
            throw new InvalidOperationException($"The cluster did not form.{Environment.NewLine}{tails}", e);
        }
    }

    /// <summary>Adds a node that is not started and names no members: it waits to be joined, or is a cluster of one.</summary>
    public ClusterNode AddNode(string? nodeId = null, Action<RaftKvOptions>? more = null)
    {
        nodeId ??= "node" + (nodes.Count + 1).ToString(CultureInfo.InvariantCulture);
        var options = new RaftKvOptions
        {
            // The default is meant for machines that reboot.
            ReplacedDiskTimeout = TimeSpan.FromSeconds(3),
            NodeId = nodeId,
            DataDirectory = Path.Combine(Root, nodeId),
            ListenAddress = "127.0.0.1:" + Ports.Take().ToString(CultureInfo.InvariantCulture),
        };
        configure?.Invoke(options);
        more?.Invoke(options);
        var node = new ClusterNode(program(nodeId), options, Path.Combine(Root, nodeId + ".log"));
        nodes.Add(node);
        return node;
    }

    /// <summary>The node that leads, as soon as it is ready and all running members name it and its term.</summary>
    public async Task<ClusterNode> LeaderAsync() => this[(await AgreedLeaderAsync()).NodeId];

    /// <summary>The leader's own status: who leads, in which term.</summary>
    public async Task<RaftKvStatus> AgreedLeaderAsync()
    {
        RaftKvStatus? leader = null;
        await WaitAsync("one leader that all know", async () =>
        {
            var statuses = await StatusesAsync();
            leader = statuses.Where(s => s.Role == RaftKvRole.Leader).MaxBy(s => s.Term);
            return leader is { IsReady: true } && statuses.Where(IsMember).All(s => s.LeaderId == leader.NodeId && s.Term == leader.Term);
        });
        return leader!;
    }

    public async Task<ClusterNode> FollowerAsync()
    {
        var leader = await LeaderAsync();
        return Running.First(n => n != leader);
    }

    public async Task<RaftKvStatus[]> StatusesAsync() => await Task.WhenAll(Running.Select(n => n.StatusAsync()));

    /// <summary>Waits until all running members have the same content, and returns the hash of it.</summary>
    public async Task<string> SameContentAsync(double seconds = 120)
    {
        var hash = "";
        await WaitAsync("the same content on every node", async () =>
        {
            var members = (await StatusesAsync()).Where(IsMember).Select(s => this[s.NodeId]);
            var hashes = await Task.WhenAll(members.Select(n => n.HashAsync()));
            hash = hashes[0].Sha256;
            return hashes.All(h => h.Sha256 == hash);
        }, seconds);
        return hash;
    }

    /// <summary>Polls until the condition holds. Throws with its name and the status of every node when it does not hold in time.</summary>
    public async Task WaitAsync(string what, Func<Task<bool>> condition, double seconds = 120)
    {
        var clock = Stopwatch.StartNew();
        Exception? last = null;
        while (clock.Elapsed.TotalSeconds < seconds)
        {
            try
            {
                if (await condition())
                    return;
            }
            catch (Exception e) when (e is NodeCallException or NodeDiedException or NodeDownException)
            {
                last = e;
            }

            await Task.Delay(PollInterval);
        }

        throw new TimeoutException($"No {what} within {seconds} s.{Environment.NewLine}{await DescribeAsync()}", last);
    }

    /// <summary>The end of every node's log.</summary>
    public string LogTails()
    {
        var text = new StringBuilder();
        foreach (var node in nodes)
            text.AppendLine(CultureInfo.InvariantCulture, $"--- {node.NodeId} ({(node.IsRunning ? "running" : "down")})").AppendLine(node.LogTail());
        return text.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(nodes.Select(node => node.ReleaseAsync()));
        TestDirectory.Delete(Root);
    }

    private static bool IsMember(RaftKvStatus status)
        => status.Role is RaftKvRole.Leader or RaftKvRole.Follower or RaftKvRole.Candidate or RaftKvRole.Learner;

    private async Task<string> DescribeAsync()
    {
        var lines = new List<string>();
        foreach (var node in nodes)
        {
            try
            {
                var s = await node.StatusAsync();
                lines.Add($"{s.NodeId}: {s.Role} term {s.Term} leader {s.LeaderId} last {s.LastIndex} commit {s.CommitIndex} applied {s.AppliedIndex} snapshot {s.SnapshotIndex} keys {s.KeyCount} ready {s.IsReady} {s.Fault}");
            }
            catch (Exception e)
            {
                lines.Add($"{node.NodeId}: {e.Message}");
            }
        }

        return string.Join(Environment.NewLine, lines);
    }
}
