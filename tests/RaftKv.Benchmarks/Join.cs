using System.Diagnostics;
using RaftKv.TestNode.Driver;

namespace RaftKv.Benchmarks;

/// <summary>
/// A new node that joins a cluster, observed from outside: its files, its status, and the memory of the leader and of the node.
/// </summary>
internal sealed class Join
{
    private readonly TestCluster _cluster;
    private readonly ClusterNode _leader;
    private readonly ClusterNode _node;
    private readonly Task _member;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly double _senderMbBefore;
    private long _snapshotBytes;
    private double _senderMb;
    private double _receiverMb;
    private double _receivedMs;
    private bool _wasKilled;

    private Join(TestCluster cluster, ClusterNode leader, ClusterNode node)
    {
        (_cluster, _leader, _node) = (cluster, leader, node);
        _senderMbBefore = ProcessUsage.ResidentMegabytes(leader.ProcessId);
        _member = leader.AddMemberAsync(node);
    }

    public double TotalMs { get; private set; }

    /// <summary>Bytes of the snapshot that the node has received: the length of its largest partial file; 0 without one.</summary>
    public long ReceivedBytes => new DirectoryInfo(Path.Combine(_node.Options.DataDirectory, "snapshots")) is { Exists: true } directory
        ? directory.EnumerateFiles("*.part").Select(f => f.Length).DefaultIfEmpty(0).Max()
        : 0;

    /// <summary>The smallest value of <see cref="ReceivedBytes"/> above 0 since <see cref="KillAsync"/>.</summary>
    public long LeastBytes { get; private set; } = long.MaxValue;

    public static async Task<Join> BeginAsync(TestCluster cluster, ClusterNode leader, ClusterNode node)
    {
        await node.StartAsync();
        return new Join(cluster, leader, node) { _snapshotBytes = SnapshotBytes(leader) };
    }

    public Task ReceivedAsync(double fraction) => _cluster.WaitAsync("a part of the snapshot", () =>
    {
        Look();
        return Task.FromResult(ReceivedBytes >= fraction * _snapshotBytes);
    }, seconds: 300);

    public async Task KillAsync()
    {
        await _node.KillAsync();
        _wasKilled = true;
    }

    public async Task InstalledAsync()
    {
        await _cluster.WaitAsync("the installed snapshot", async () =>
        {
            Look();
            return (await _node.StatusAsync()).SnapshotIndex > 0;
        }, seconds: 300);
        TotalMs = Math.Round(_clock.Elapsed.TotalMilliseconds);
        try
        {
            await _member;
        }
        catch (NodeCallException) when (_wasKilled)
        {
            // The call failed because the killed node made no progress: the node stays a learner until it has caught up.
        }
    }

    public void Print(string op, object more)
    {
        ResultLine.Print(new
        {
            Op = op,
            SnapshotMb = Math.Round(_snapshotBytes / (1024.0 * 1024)),
            ReceivedMs = _receivedMs,
            InstalledMs = TotalMs,
            SenderRssMbBefore = _senderMbBefore,
            SenderRssMbMost = _senderMb,
            ReceiverRssMbMost = _receiverMb,
            LoadAverage = ResourcePressure.LoadAverage(),
        });
        ResultLine.Print(more);
    }

    public async Task LeaveAsync()
    {
        await _leader.RemoveMemberAsync(_node.NodeId);
        await _node.KillAsync();
        Directory.Delete(_node.Options.DataDirectory, recursive: true);
    }

    private static long SnapshotBytes(ClusterNode node) => new DirectoryInfo(Path.Combine(node.Options.DataDirectory, "snapshots")).EnumerateFiles("*.snap").MaxBy(f => f.Name, StringComparer.Ordinal)!.Length;

    private void Look()
    {
        _senderMb = Math.Max(_senderMb, ProcessUsage.ResidentMegabytes(_leader.ProcessId));
        if (_node.IsRunning)
            _receiverMb = Math.Max(_receiverMb, ProcessUsage.ResidentMegabytes(_node.ProcessId));
        var received = ReceivedBytes;
        if (_wasKilled && received > 0)
            LeastBytes = Math.Min(LeastBytes, received);
        if (received == _snapshotBytes && _receivedMs == 0)
            _receivedMs = Math.Round(_clock.Elapsed.TotalMilliseconds);
    }
}
