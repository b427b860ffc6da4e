using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Xunit;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>
/// Ten thousand malformed requests, made from a seed, to a node in its own process (100,000 with RAFTKV_LONG=1): they are refused, nothing
/// leaks, and the node still serves.
/// </summary>
public class FuzzTests
{
    private const int Connections = 16;

    /// <summary>
    /// Tolerance for files that the node itself opens and closes. A leak would add one handle for each of thousands of requests.
    /// </summary>
    private const int FilesOfTheNode = 50;

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);

    private static readonly int[] Allowed = [501, 503, 505];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Malformed_requests_are_refused_nothing_leaks_and_the_node_still_serves()
    {
        var requests = Environment.GetEnvironmentVariable("RAFTKV_LONG") == "1" ? 100_000 : 10_000;
        await using var cluster = new SampleCluster();
        var node = await cluster.StartAsync("node1", Stop);
        using var http = new HttpClient { BaseAddress = node.Url };
        using (var put = await http.PutAsync("v1/kv/safe", new StringContent("value"), Stop))
            put.EnsureSuccessStatusCode();
        await SendAsync(node, seed: 1, count: 500); // Pools and caches fill.
        var before = await CountsAsync(node, http);

        var statuses = new Dictionary<int, int>();
        var runs = await Task.WhenAll(Enumerable.Range(0, Connections).Select(i => Task.Run(() => SendAsync(node, seed: 100 + i, requests / Connections))));
        foreach (var status in runs.SelectMany(r => r))
            statuses[status] = statuses.GetValueOrDefault(status) + 1;

        var seen = string.Join(' ', statuses.OrderBy(s => s.Key).Select(s => $"{s.Key}:{s.Value}"));
        Assert.False(statuses.Keys.Any(status => status >= 500 && !Allowed.Contains(status)), seen);
        Assert.True(statuses.GetValueOrDefault(400) > requests / 4, $"Too few of them were refused as bad requests: {seen}");
        Assert.Equal("value", await http.GetStringAsync("v1/kv/safe", Stop));
        await UntilQuietAsync(node, http, before);
    }

    /// <returns>The status of each answer; 0 where the server closed the connection without one.</returns>
    private static async Task<List<int>> SendAsync(SampleNode node, int seed, int count)
    {
        var random = new MalformedRequests(seed);
        var statuses = new List<int>();
        for (var i = 0; i < count; i++)
        {
            using var client = new TcpClient { NoDelay = true };
            await client.ConnectAsync(IPAddress.Loopback, node.HttpPort, Stop);
            var stream = client.GetStream();
            try
            {
                await stream.WriteAsync(random.Next(), Stop);
                var answer = StatusAsync(stream);
                // A server that sees the end of the stream drops the answer that it was about to send. So the end is sent only when no
                // answer has come: then the server waits for the rest of the request.
                if (await Task.WhenAny(answer, Task.Delay(Patience, Stop)) != answer)
                    client.Client.Shutdown(SocketShutdown.Send);
                statuses.Add(await answer);
            }
            catch (IOException)
            {
                statuses.Add(0); // Reset: the server had heard enough.
            }
        }
        return statuses;
    }

    private static async Task<int> StatusAsync(NetworkStream stream)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        var head = new byte[16];
        var length = await stream.ReadAtLeastAsync(head, 12, throwOnEndOfStream: false, limit.Token);
        return length >= 12 && Encoding.ASCII.GetString(head, 0, 8) == "HTTP/1.1"
            ? int.Parse(Encoding.ASCII.GetString(head, 9, 3), CultureInfo.InvariantCulture) : 0;
    }

    private static async Task UntilQuietAsync(SampleNode node, HttpClient http, (int Handles, int Sockets, int Threads) before)
    {
        for (var clock = Stopwatch.StartNew(); ; await Task.Delay(200, Stop))
        {
            var (handles, sockets, threads) = await CountsAsync(node, http);
            if (handles <= before.Handles + FilesOfTheNode && sockets <= before.Sockets + 5 && threads <= before.Threads + 20)
                return;
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(2), $"{before} became {(handles, sockets, threads)}.");
        }
    }

    private static async Task<(int Handles, int Sockets, int Threads)> CountsAsync(SampleNode node, HttpClient http)
    {
        var runtime = JsonDocument.Parse(await http.GetStringAsync("debug/runtime", Stop)).RootElement.GetProperty("data");
        var handles = Directory.GetFiles($"/proc/{node.ProcessId}/fd");
        var sockets = handles.Count(h => new FileInfo(h).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true);
        return (handles.Length, sockets, runtime.GetProperty("process").GetProperty("threads").GetInt32());
    }
}
