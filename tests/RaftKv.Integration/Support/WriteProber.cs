using System.Diagnostics;
using RaftKv.TestNode.Driver;

namespace RaftKv.Integration.Support;

/// <summary>A time in which no write was acknowledged by any node.</summary>
/// <param name="Length">The length of this time.</param>
/// <param name="During">The faults that were active meanwhile.</param>
public sealed record WriteGap(TimeSpan Length, string During);

/// <summary>Writes through all nodes at once, repeatedly: as long as the cluster serves, one of them acknowledges.</summary>
public sealed class WriteProber(TestCluster cluster)
{
    private const int Kept = 20;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    private readonly List<WriteGap> gaps = [];
    private readonly Lock gate = new();
    private readonly SortedSet<string> during = [];
    private IReadOnlyList<string> disturbances = [];
    private long last = Stopwatch.GetTimestamp();

    /// <summary>The faults that are active now.</summary>
    public IReadOnlyList<string> Disturbances
    {
        set
        {
            lock (gate)
            {
                disturbances = value;
                during.UnionWith(value);
            }
        }
    }

    public IReadOnlyList<WriteGap> Gaps
    {
        get
        {
            lock (gate)
                return [.. gaps];
        }
    }

    public Task RunAsync(Func<bool> stopped) => Task.WhenAll(cluster.Nodes.Select(node => ProbeAsync(node, stopped)));

    private async Task ProbeAsync(ClusterNode node, Func<bool> stopped)
    {
        while (!stopped())
        {
            var (outcome, _) = await Calls.TryAsync(() => node.SetAsync($"probe/{node.NodeId}", "alive"));
            if (outcome == WriteOutcome.Acknowledged)
                NoteAnswer();
            await Task.Delay(Pace);
        }
    }

    private void NoteAnswer()
    {
        lock (gate)
        {
            var now = Stopwatch.GetTimestamp();
            gaps.Add(new WriteGap(Stopwatch.GetElapsedTime(last, now), string.Join(" + ", during)));
            last = now;
            during.Clear();
            during.UnionWith(disturbances);
            if (gaps.Count <= 2 * Kept)
                return;
            gaps.Sort((a, b) => b.Length.CompareTo(a.Length));
            gaps.RemoveRange(Kept, gaps.Count - Kept);
        }
    }
}
