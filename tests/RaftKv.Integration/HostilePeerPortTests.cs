using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using RaftKv.Integration.Support;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Integration;

/// <summary>
/// Unknown peers at the peer port of a leader that serves, from outside of its process: more connections than the port accepts, and for
/// longer than its time limits.
/// </summary>
public sealed class HostilePeerPortTests : IntegrationTest
{
    private const int MaxThreads = 450;
    private const long MaxGrowthKib = 300 * 1024;

    [Fact]
    public async Task Thousands_of_idle_slow_and_foreign_connections_cost_little_and_disturb_nobody()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Threads and memory of the node are read from /proc.");
        var cluster = await FormAsync(configure: Steady);
        var before = await LeadershipAsync(cluster);
        var leader = await cluster.LeaderAsync();
        var members = (await leader.StatusAsync()).Members.Count;
        var memory = Measure(leader, "VmRSS");
        var writes = new AckedWrites(4, "w", [.. cluster.Nodes]);
        await writes.WaitForMoreAsync(cluster, 50);

        var idle = new List<Socket>();
        using var stop = new CancellationTokenSource();
        var slow = Enumerable.Range(0, 20).Select(_ => DripAsync(leader, stop.Token)).ToArray();
        try
        {
            for (var i = 0; i < (IsLong ? 5_000 : 1_500); i++)
            {
                idle.Add(Connect(leader));
                if (i % 3 != 0)
                    Say(idle[^1], i);
                // Writes are acknowledged meanwhile.
                if (i % 500 == 0)
                    await writes.WaitForMoreAsync(cluster, 20);
            }

            Assert.InRange(Measure(leader, "Threads"), 1, MaxThreads);
            Assert.InRange(Measure(leader, "VmRSS"), 0, memory + MaxGrowthKib);
            await writes.WaitForMoreAsync(cluster, 50);
        }
        finally
        {
            await stop.CancelAsync();
            idle.ForEach(s => s.Dispose());
            await Task.WhenAll(slow);
        }

        // A member that connects again is accepted.
        var follower = cluster.Nodes.First(n => n != leader);
        await follower.RestartAsync();
        await follower.WaitUntilReadyAsync();
        await writes.WaitForMoreAsync(cluster, 50);
        await writes.StopAsync();
        await AssertSameLeaderAsync(cluster, before);
        Assert.Equal(members, (await leader.StatusAsync()).Members.Count);
        await writes.AssertAllOnAsync(leader);
    }

    private static Socket Connect(ClusterNode node)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { LingerState = new LingerOption(true, 0) };
        socket.Connect(IPEndPoint.Parse(node.Address));
        return socket;
    }

    private static void Say(Socket socket, int number)
    {
        byte[] bytes = (number % 4) switch
        {
            0 => Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
            1 => [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03],
            2 => [0xFF, 0xFF, 0xFF, 0x7F, 1, 0],
            _ => [0x40, 0x00],
        };
        socket.Send(bytes, SocketFlags.None, out _);
    }

    /// <summary>Sends the beginning of an introduction byte by byte, again and again, until it is stopped.</summary>
    private static async Task DripAsync(ClusterNode node, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                using var socket = Connect(node);
                foreach (var next in (byte[])[0x00, 0x0F, 0x00, 0x00, 0x01, 0x00, .. new byte[200]])
                {
                    await socket.SendAsync(new[] { next }, stop);
                    await Task.Delay(50, stop);
                }
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
                // The node closed the connection, as it should: try again.
            }
        }
    }

    /// <summary>A number in the status of the process: of threads, or of KiB.</summary>
    private static long Measure(ClusterNode node, string name)
        => long.Parse(File.ReadLines($"/proc/{node.ProcessId}/status").Single(l => l.StartsWith(name + ":", StringComparison.Ordinal)).Split(':')[1].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
}
