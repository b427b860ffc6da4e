using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>
/// The route <c>/v1/watch</c>: complete and ordered changes, resumption on another node, initial state, previous values, and the end of a
/// stream.
/// </summary>
public sealed class WatchTests : IDisposable
{
    // A stream without the expected event must not block the test forever.
    private readonly CancellationTokenSource _patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    public WatchTests() => _patience.CancelAfter(TimeSpan.FromMinutes(1));

    private CancellationToken Stop => _patience.Token;

    public void Dispose() => _patience.Dispose();

    [Fact]
    public async Task It_tells_every_change_of_the_prefix_and_a_transaction_as_a_whole()
    {
        await using var node = await WebNode.StartAsync("node1", Stop);
        await node.Kv.SetAsync("jobs/0", "old"u8.ToArray(), cancellationToken: Stop);
        using var events = await EventReader.OpenAsync(node.Url + "/v1/watch?prefix=jobs/", Stop);
        var begin = (await events.NextAsync(Stop))!;

        var put = await node.Kv.SetAsync("jobs/1", new byte[] { 0, 255 }, cancellationToken: Stop);
        await node.Kv.SetAsync("other", default, cancellationToken: Stop);
        await node.Kv.DeleteAsync("jobs/1", cancellationToken: Stop);
        var transaction = new KvTransaction();
        transaction.Then.Set("jobs/2", default).Set("jobs/3", default);
        var committed = await node.Kv.CommitAsync(transaction, Stop);

        var seen = await events.TakeAsync(4, Stop);
        Assert.Equal(("progress", (put.Version.Value - 1).ToString()), (begin.Name, begin.Id));
        Assert.Equal(["put jobs/1", "deleted jobs/1", "put jobs/2", "put jobs/3"], seen.Select(e => e.What));
        Assert.Equal([0, 255], seen[0].Data.GetProperty("value").GetBytesFromBase64());
        Assert.Equal(put.Version.ToString(), seen[0].Id);
        // Only the last change of a transaction has an id: a watch cannot resume in the middle of a transaction.
        Assert.Null(seen[2].Id);
        Assert.Equal(committed.Version.ToString(), seen[3].Id);
    }

    [Fact]
    public async Task Who_comes_back_to_another_node_misses_nothing_and_sees_nothing_twice()
    {
        await using var node1 = await WebNode.StartAsync("node1", Stop);
        await using var node2 = await WebNode.StartAsync("node2", Stop);
        await node1.Cluster.AddMemberAsync("node2", node2.Cluster.Status.Address, Stop);
        string last;
        using (var events = await EventReader.OpenAsync(node1.Url + "/v1/watch?prefix=&initial=true", Stop))
        {
            Assert.Equal("state-end", (await events.NextAsync(Stop))!.Name);
            for (var i = 0; i < 10; i++)
                await node1.Kv.SetAsync($"k{i}", default, cancellationToken: Stop);
            last = (await events.TakeAsync(4, Stop))[^1].Id!;
        }

        // With the same address as before, as a browser does.
        using var more = await EventReader.OpenAsync(node2.Url + "/v1/watch?prefix=&initial=true", Stop, last);

        Assert.Equal(Enumerable.Range(4, 6).Select(i => $"put k{i}"), (await more.TakeAsync(6, Stop)).Select(e => e.What));
    }

    [Fact]
    public async Task It_begins_with_the_current_values_if_asked_and_says_how_far_it_is_when_nothing_happens()
    {
        await using var node = await WebNode.StartAsync("node1", Stop);
        await node.Kv.SetAsync("a", "1"u8.ToArray(), cancellationToken: Stop);
        await node.Kv.SetAsync("b", "2"u8.ToArray(), cancellationToken: Stop);

        using var events = await EventReader.OpenAsync(node.Url + "/v1/watch?prefix=&initial=true&progressMs=100", Stop);

        var seen = await events.TakeAsync(4, Stop);
        Assert.Equal(["put a", "put b", "state-end", "progress"], seen.Select(e => e.What));
        Assert.Null(seen[0].Id);
        Assert.NotNull(seen[2].Id);
        Assert.NotNull(seen[3].Id);
    }

    [Fact]
    public async Task It_tells_what_a_key_held_before_if_asked_and_if_the_node_keeps_it()
    {
        await using var node = await WebNode.StartAsync("node1", Stop, o => o.WatchPreviousValues = true);
        using var events = await EventReader.OpenAsync(node.Url + "/v1/watch?prefix=&previous=true", Stop);
        Assert.Equal("progress", (await events.NextAsync(Stop))!.Name);
        var first = await node.Kv.SetAsync("k", "1"u8.ToArray(), cancellationToken: Stop);
        await node.Kv.DeleteAsync("k", cancellationToken: Stop);

        var seen = await events.TakeAsync(2, Stop);

        Assert.False(seen[0].Data.TryGetProperty("previous", out _));
        var previous = seen[1].Data.GetProperty("previous");
        Assert.Equal("1"u8.ToArray(), previous.GetProperty("value").GetBytesFromBase64());
        Assert.Equal(first.Version.Value, previous.GetProperty("version").GetInt64());
    }

    [Theory]
    [InlineData("previous=true", "WatchPreviousValues")]
    [InlineData("previous=true&keysOnly=true", "Choose one")]
    public async Task Previous_values_that_the_node_cannot_tell_are_400_with_the_reason(string query, string reason)
    {
        await using var node = await WebNode.StartAsync("node1", Stop);
        using var http = new HttpClient { BaseAddress = new Uri(node.Url) };

        using var answer = await http.GetAsync("/v1/watch?prefix=&" + query, HttpCompletionOption.ResponseHeadersRead, Stop);

        var problem = await KvTests.ProblemAsync(answer, HttpStatusCode.BadRequest, "invalid_previous");
        Assert.Equal("previous", problem.GetProperty("field").GetString());
        Assert.Contains(reason, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_version_that_is_not_held_any_more_is_410_with_the_oldest_one_that_is()
    {
        await using var node = await WebNode.StartAsync("node1", Stop, o => o.WatchHistoryBytes = 64 * 1024);
        using var http = new HttpClient { BaseAddress = new Uri(node.Url) };
        for (var i = 0; i < 200; i++)
            await node.Kv.SetAsync("k", new byte[1000], cancellationToken: Stop);

        using var answer = await http.GetAsync("/v1/watch?prefix=&from=1", HttpCompletionOption.ResponseHeadersRead, Stop);

        var problem = await KvTests.ProblemAsync(answer, HttpStatusCode.Gone, "compacted");
        var oldest = problem.GetProperty("compactVersion").GetInt64();
        using var events = await EventReader.OpenAsync($"{node.Url}/v1/watch?prefix=&from={oldest}", Stop);
        Assert.Equal(oldest, (await events.NextAsync(Stop))!.Data.GetProperty("version").GetInt64());
    }

    [Fact]
    public async Task A_client_that_reads_too_slowly_is_told_so_as_the_last_thing()
    {
        await using var node = await WebNode.StartAsync("node1", Stop, o => o.WatchHistoryBytes = 64 * 1024);
        await node.Kv.SetAsync("k", default, cancellationToken: Stop);
        using var client = new TcpClient { ReceiveBufferSize = 4096 };
        await client.ConnectAsync(IPAddress.Loopback, new Uri(node.Url).Port, Stop);
        await using var stream = client.GetStream();
        await stream.WriteAsync("GET /v1/watch?prefix= HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(), Stop);
        using var reader = new StreamReader(stream);
        while (await reader.ReadLineAsync(Stop) != "retry: 1000")
        {
            // Lines before the stream has begun.
        }

        // More data than the buffers between the node and the client and the watch history hold.
        for (var i = 0; i < 16; i++)
            await node.Kv.SetAsync("k", new byte[1024 * 1024], cancellationToken: Stop);

        var text = new StringBuilder();
        while (await reader.ReadLineAsync(Stop) is { } line && !(line.Length == 0 && text.ToString().Contains("event: end", StringComparison.Ordinal)))
        {
            if (line.StartsWith("event: end", StringComparison.Ordinal) || text.Length > 0)
                text.AppendLine(line);
        }
        Assert.Contains("\"code\":\"compacted\"", text.ToString(), StringComparison.Ordinal);
        Assert.Contains("\"compactVersion\":", text.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_ends_with_a_word_when_the_host_stops()
    {
        await using var node = await WebNode.StartAsync("node1", Stop);
        await node.Kv.SetAsync("k", default, cancellationToken: Stop);
        using var events = await EventReader.OpenAsync(node.Url + "/v1/watch?prefix=", Stop);

        await node.StopAsync().WaitAsync(TimeSpan.FromSeconds(30), Stop);

        Assert.Equal("progress", (await events.NextAsync(Stop))!.Name);
        var end = await events.NextAsync(Stop);
        Assert.Equal("end", end!.Name);
        Assert.Equal("stopped", end.Data.GetProperty("code").GetString());
        Assert.Null(await events.NextAsync(Stop));
    }

    [Theory]
    [InlineData("", "prefix")]
    [InlineData("prefix=&key=a", "prefix")]
    [InlineData("key=", "key")]
    [InlineData("prefix=&from=x", "from")]
    [InlineData("prefix=&from=1&initial=true", "from")]
    [InlineData("prefix=&initial=perhaps", "initial")]
    [InlineData("prefix=&progressMs=1", "progressMs")]
    [InlineData("prefix=&consistency=eventual", "consistency")]
    public async Task A_bad_request_is_refused_and_the_field_named(string query, string field)
    {
        await using var http = await HttpFixture.StartAsync();

        using var answer = await http.Client.GetAsync("/v1/watch?" + query, Stop);

        var problem = await KvTests.ProblemAsync(answer, HttpStatusCode.BadRequest, "invalid_" + field.ToLowerInvariant());
        Assert.Equal(field, problem.GetProperty("field").GetString());
    }
}
