using System.Collections.Concurrent;
using System.Globalization;
using RaftKv.Embedded;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Integration.Support;

/// <summary>
/// A writer counts one key up through the given nodes while readers read it there with the given consistency: a read that begins after an
/// acknowledgement must see that number or a later one.
/// </summary>
public sealed class FreshnessWatch : IDisposable
{
    private readonly ConcurrentQueue<string> stale = new();
    private readonly Task[] workers;
    private readonly string key;
    private long acknowledged;
    private long reads;
    private volatile bool stopped;

    public FreshnessWatch(string key, IReadOnlyList<ClusterNode> nodes, int readersPerNode, KvConsistency consistency = KvConsistency.Linearizable)
    {
        this.key = key;
        workers = [WriteAsync(nodes), .. nodes.SelectMany(n => Enumerable.Range(0, readersPerNode).Select(_ => ReadAsync(n, consistency)))];
    }

    public Task WaitForReadsAsync(TestCluster cluster, int more)
    {
        var target = Interlocked.Read(ref reads) + more;
        return cluster.WaitAsync($"{more} more reads", () => Task.FromResult(Interlocked.Read(ref reads) >= target));
    }

    public async Task StopAsync()
    {
        stopped = true;
        await Task.WhenAll(workers);
        Assert.Empty(stale);
    }

    public void Dispose() => stopped = true;

    private async Task WriteAsync(IReadOnlyList<ClusterNode> nodes)
    {
        for (var i = 1L; !stopped; i++)
        {
            var number = i;
            var node = nodes[(int)(i % nodes.Count)];
            var (outcome, _) = await Calls.TryAsync(() => node.SetAsync(key, number.ToString(CultureInfo.InvariantCulture)));
            if (outcome == WriteOutcome.Acknowledged)
                Interlocked.Exchange(ref acknowledged, number);
            else
                await Task.Delay(5);
        }
    }

    private async Task ReadAsync(ClusterNode node, KvConsistency consistency)
    {
        while (!stopped)
        {
            var least = Interlocked.Read(ref acknowledged);
            var (outcome, text) = await Calls.TryAsync(() => node.GetTextAsync(key, consistency));
            if (outcome != WriteOutcome.Acknowledged)
            {
                await Task.Delay(5);
                continue;
            }

            var seen = text is null ? 0 : long.Parse(text, CultureInfo.InvariantCulture);
            if (seen < least)
                stale.Enqueue($"{node.NodeId} answered {seen} after {least} had been acknowledged");
            Interlocked.Increment(ref reads);
        }
    }
}
