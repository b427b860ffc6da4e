using System.Collections.Concurrent;
using System.Text;
using RaftKv.Embedded;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Integration.Support;

/// <summary>
/// Writers that store new keys through the given nodes until they are stopped, and remember which writes were acknowledged: none of these
/// may be lost.
/// </summary>
public sealed class AckedWrites
{
    private const string Prefix = "acked/";

    private readonly ConcurrentDictionary<string, KvVersion> acknowledged = new();
    private readonly ConcurrentQueue<Exception> failures = new();
    private readonly Task[] writers;
    private volatile bool stopped;

    public AckedWrites(int writers, string name, params ClusterNode[] nodes)
        => this.writers = [.. Enumerable.Range(0, writers).Select(w => WriteAsync($"{Prefix}{name}/{w:d2}/", nodes[w % nodes.Length]))];

    public int Count => acknowledged.Count;

    /// <summary>The exceptions of failed calls, whether or not their write took effect.</summary>
    public IReadOnlyCollection<Exception> Failures => failures;

    /// <summary>The keys that were acknowledged, with their versions.</summary>
    public IReadOnlyDictionary<string, KvVersion> Acknowledged => acknowledged;

    /// <summary>Waits until this many more writes have been acknowledged.</summary>
    public async Task WaitForMoreAsync(TestCluster cluster, int more)
    {
        var target = Count + more;
        await cluster.WaitAsync($"{more} more acknowledged writes", () => Task.FromResult(Count >= target));
    }

    public async Task StopAsync()
    {
        stopped = true;
        await Task.WhenAll(writers);
    }

    /// <summary>Checks that every acknowledged write is on this node, in its acknowledged version.</summary>
    public async Task AssertAllOnAsync(ClusterNode node)
    {
        var found = (await node.ScanAsync(KvKeyRange.StartingWith(Prefix))).ToDictionary(e => e.Key);
        foreach (var (key, version) in acknowledged)
        {
            Assert.True(found.TryGetValue(key, out var entry), $"{node.NodeId} lost '{key}', acknowledged as version {version}.");
            Assert.Equal(key, Encoding.UTF8.GetString(entry.Value.Span));
            Assert.Equal(version, entry.Version);
        }
    }

    private async Task WriteAsync(string prefix, ClusterNode node)
    {
        for (var i = 0; !stopped; i++)
        {
            var key = $"{prefix}{i:d6}";
            try
            {
                acknowledged[key] = (await node.SetAsync(key, key)).Version;
            }
            catch (Exception e) when (e is NodeCallException or NodeDiedException or NodeDownException)
            {
                failures.Enqueue(e);
                await Task.Delay(20);
            }
        }
    }
}
