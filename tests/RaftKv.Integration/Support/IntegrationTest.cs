using System.Globalization;
using RaftKv.Embedded;
using RaftKv.TestNode.Driver;
using RaftKv.TestNode.Protocol;
using Xunit;

namespace RaftKv.Integration.Support;

/// <summary>
/// A test that runs real processes. Its clusters are disposed of when it ends, and when it fails the end of every node's log is part of its
/// output. With <c>RAFTKV_LONG=1</c> in the environment the long tests run their full length.
/// </summary>
public abstract class IntegrationTest : IAsyncLifetime
{
    private readonly List<TestCluster> clusters = [];

    protected static bool IsLong => Environment.GetEnvironmentVariable("RAFTKV_LONG") == "1";

    /// <summary>How often a scenario runs: a few times, or 30 times (<c>RAFTKV_ROUNDS</c>) when tests are long.</summary>
    protected static int Rounds(int few)
        => !IsLong ? few : int.TryParse(Environment.GetEnvironmentVariable("RAFTKV_ROUNDS"), out var rounds) ? rounds : 30;

    protected static ITestOutputHelper Output => TestContext.Current.TestOutputHelper!;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        var failed = TestContext.Current.TestState?.Result == TestResult.Failed;
        foreach (var cluster in clusters)
        {
            if (failed)
                Output.WriteLine(cluster.LogTails());
            await cluster.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>A cluster whose nodes named each other as the first members, ready.</summary>
    protected async Task<TestCluster> FormAsync(int count = 3, Action<RaftKvOptions>? configure = null)
        => Track(await TestCluster.FormAsync(count, configure));

    /// <summary>A cluster formed as the article does it: three empty nodes, and two of them joined to the first.</summary>
    protected async Task<TestCluster> JoinThreeAsync(Action<RaftKvOptions>? configure = null)
    {
        var cluster = NoNodes(configure);
        for (var i = 0; i < 3; i++)
            await cluster.AddNode().StartAsync();
        await cluster["node1"].AddMemberAsync(cluster["node2"]);
        await cluster["node1"].AddMemberAsync(cluster["node3"]);
        await Task.WhenAll(cluster.Nodes.Select(n => n.WaitUntilReadyAsync()));
        return cluster;
    }

    /// <summary>A cluster to which the test adds the nodes itself.</summary>
    protected TestCluster NoNodes(Action<RaftKvOptions>? configure = null) => Track(new TestCluster(configure));

    /// <summary>
    /// For tests that assert that there was no election. On a busy machine a node may not run for the 250 ms of the default, and an
    /// election for that reason proves nothing.
    /// </summary>
    protected static void Steady(RaftKvOptions options)
    {
        options.HeartbeatInterval = TimeSpan.FromMilliseconds(100);
        options.ElectionTimeout = TimeSpan.FromSeconds(1.5);
        options.ReplacedDiskTimeout = TimeSpan.FromSeconds(3);
    }

    /// <summary>A log that is truncated after a few thousand writes.</summary>
    protected static void SmallLog(RaftKvOptions options)
    {
        options.LogSegmentBytes = 1024 * 1024;
        options.SnapshotThresholdBytes = 1024 * 1024;
        options.LogRetentionBytes = 64 * 1024;
    }

    /// <summary>Starts a node that must not start, and returns why it did not.</summary>
    protected static async Task<NodeError> StartFailsAsync(ClusterNode node)
        => (await Assert.ThrowsAsync<NodeCallException>(node.StartAsync)).Error;

    protected static async Task<NodeError> FailsAsync(Func<Task> call)
        => (await Assert.ThrowsAsync<NodeCallException>(call)).Error;

    /// <summary>Writes <paramref name="count"/> keys of 16 bytes through one node, 64 at a time; every one must be acknowledged.</summary>
    protected static async Task FillAsync(ClusterNode node, int count, int valueBytes = 100, char prefix = 'k')
    {
        var load = new LoadRequest { Count = count, Keys = count, ValueBytes = valueBytes, KeyPrefix = prefix, WaitsWhenOverloaded = true };
        var report = await node.LoadAsync(load);
        // On a busy machine a call may exceed its time limit.
        for (var attempt = 1; report.Errors > 0 && attempt < 5; attempt++)
            report = await node.LoadAsync(load);
        Assert.True(report.Errors == 0, string.Join(", ", report.ErrorKinds.Select(e => $"{e.Value} {e.Key}")));
        Assert.Equal(count, report.Operations);
    }

    /// <summary>The current leader and term; <see cref="AssertSameLeaderAsync"/> compares them with those at a later time.</summary>
    protected static async Task<(string LeaderId, long Term)> LeadershipAsync(TestCluster cluster)
    {
        var leader = await cluster.AgreedLeaderAsync();
        return (leader.NodeId, leader.Term);
    }

    protected static async Task AssertSameLeaderAsync(TestCluster cluster, (string LeaderId, long Term) before)
        => Assert.Equal(before, await LeadershipAsync(cluster));

    protected static string Text(KvGetResult result) => System.Text.Encoding.UTF8.GetString(result.Value.Span);

    protected static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    protected TestCluster Track(TestCluster cluster)
    {
        clusters.Add(cluster);
        return cluster;
    }
}
