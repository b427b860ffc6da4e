using System.Diagnostics;
using System.Globalization;
using System.Text;
using RaftKv.TestNode.Driver;

namespace RaftKv.Integration.Support;

/// <summary>
/// Writers and readers on every node without pauses: every call that a node accepts must succeed, until the node accepts no more. Notes the
/// longest time without an acknowledged write.
/// </summary>
internal sealed class RollingLoad
{
    private const int WritersPerNode = 4;

    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<string, double> _gaps = [];
    private readonly Task[] _callers;
    private string _phase = "before";
    private long _lastAt = Stopwatch.GetTimestamp();
    private long _calls;
    private long _writes;

    public RollingLoad(TestCluster cluster) => _callers =
        [.. cluster.Nodes.SelectMany(node => Enumerable.Range(0, WritersPerNode).Select(i => CallAsync(node, i => WriteAsync(node, i), i)).Append(CallAsync(node, _ => ReadAsync(node), 0)))];

    public long Calls => Interlocked.Read(ref _calls);

    /// <summary>The current step of the test; a gap is attributed to the step in which it ends.</summary>
    public string Phase
    {
        set
        {
            lock (_gate)
                _phase = value;
        }
    }

    /// <summary>Waits until this many more writes are acknowledged.</summary>
    public async Task RunForAsync(int writes)
    {
        var until = Interlocked.Read(ref _writes) + writes;
        for (var clock = Stopwatch.StartNew(); Interlocked.Read(ref _writes) < until && _callers.All(c => !c.IsFaulted); await Task.Delay(5))
        {
            if (clock.Elapsed > TimeSpan.FromSeconds(30))
                throw new TimeoutException($"Not {writes} writes within 30 s.");
        }
    }

    public async Task EndAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_callers);
    }

    public string Gaps()
    {
        lock (_gate)
            return string.Join(", ", _gaps.Select(g => string.Create(CultureInfo.InvariantCulture, $"{g.Key} {g.Value:0} ms")));
    }

    private async Task CallAsync(ClusterNode node, Func<int, Task> call, int caller)
    {
        for (var i = caller; !_stop.IsCancellationRequested; i += WritersPerNode)
        {
            try
            {
                await call(i);
                Interlocked.Increment(ref _calls);
            }
            catch (Exception e) when (e is NodeDownException or NodeCallException { IsClosed: true })
            {
                // The node did not accept the call: a caller would go to another node.
                await Task.Delay(5);
            }
        }
    }

    private async Task WriteAsync(ClusterNode node, int number)
    {
        await node.SetAsync($"{node.NodeId}-{number % 100}", Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture)));
        lock (_gate)
        {
            _writes++;
            _gaps[_phase] = Math.Max(_gaps.GetValueOrDefault(_phase), Stopwatch.GetElapsedTime(_lastAt).TotalMilliseconds);
            _lastAt = Stopwatch.GetTimestamp();
        }
    }

    private static async Task ReadAsync(ClusterNode node)
    {
        await node.GetAsync($"{node.NodeId}-1");
        await Task.Delay(1);
    }
}
