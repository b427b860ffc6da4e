using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace RaftKv.Embedded.Http.Tests.Routes;

/// <summary>
/// Request timeouts of the app end a request that waits for a lost quorum: with 504, and with a code that tells whether a write may have
/// happened. Streams and local reads are not affected.
/// </summary>
public sealed class TimeLimitTests(TimeLimitTests.LostQuorum cluster) : IClassFixture<TimeLimitTests.LostQuorum>
{
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(300);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET", "/v1/kv/k", "request_timeout")]
    [InlineData("GET", "/v1/kv?key=k", "request_timeout")]
    [InlineData("GET", "/v1/kv?prefix=", "request_timeout")]
    [InlineData("PUT", "/v1/kv/k", "outcome_unknown")]
    [InlineData("PUT", "/v1/kv/k", "outcome_unknown", null, true)]
    [InlineData("DELETE", "/v1/kv/k", "outcome_unknown")]
    [InlineData("DELETE", "/v1/kv/k", "outcome_unknown", null, true)]
    [InlineData("GET", "/store/k?consistency=linearizable", "request_timeout")]
    [InlineData("POST", "/store", "outcome_unknown", """{"key":"k","value":1}""")]
    [InlineData("DELETE", "/store/k", "outcome_unknown")]
    [InlineData("POST", "/raft/join", "outcome_unknown", """{"node_id":"node3","raft_address":"127.0.0.1:9"}""")]
    [InlineData("POST", "/raft/remove", "outcome_unknown", """{"node_id":"node2"}""")]
    [InlineData("POST", "/v1/cluster/members", "outcome_unknown", """{"nodeId":"node3","address":"127.0.0.1:9"}""")]
    [InlineData("DELETE", "/v1/cluster/members/node2", "outcome_unknown")]
    public async Task A_request_that_runs_out_of_time_is_answered_504(
        string method, string path, string code, string? json = null, bool once = false)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (json is not null)
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        if (once)
            request.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString());

        using var response = await cluster.Client.SendAsync(request, Stop);

        Assert.Equal(HttpStatusCode.GatewayTimeout, response.StatusCode);
        var error = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Stop)).RootElement;
        Assert.Equal(code, error.GetProperty("code").GetString());
        Assert.NotEmpty(error.GetProperty(path.StartsWith("/v1", StringComparison.Ordinal) ? "detail" : "error").GetString()!);
    }

    [Theory]
    [InlineData("/livez")]
    [InlineData("/v1/cluster")]
    [InlineData("/raft/stats")]
    [InlineData("/store/there")]
    [InlineData("/v1/kv/there?stale")]
    [InlineData("/raftkv")]
    public async Task What_needs_no_quorum_is_answered_as_ever(string path)
    {
        using var response = await cluster.Client.GetAsync(path, Stop);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Streams_have_no_time_limit()
    {
        var goOn = new TaskCompletionSource();
        await using var http = await StartAsync();
        http.Kv.Backup = async (body, stop) =>
        {
            await body.WriteAsync("begin "u8.ToArray(), stop);
            await body.FlushAsync(stop);
            await goOn.Task.WaitAsync(stop);
            await body.WriteAsync("end"u8.ToArray(), stop);
        };
        using var backup = await http.Client.GetAsync("/v1/cluster/backup", HttpCompletionOption.ResponseHeadersRead, Stop);
        using var stream = await http.Client.GetAsync("/raftkv/events", HttpCompletionOption.ResponseHeadersRead, Stop);
        using var events = await EventReader.OpenAsync(stream, Stop);

        // A request that began later has reached its time limit: streams with a limit would have reached it too.
        http.Kv.Hangs = true;
        Assert.Equal(HttpStatusCode.GatewayTimeout, (await http.GetAsync("/v1/kv/k")).Status);
        goOn.SetResult();

        Assert.Equal("begin end", await backup.Content.ReadAsStringAsync(Stop));
        http.Kv.Change(http.Kv.Status with { Term = 7 });
        while ((await events.NextAsync(Stop))!.Data.GetProperty("term").GetInt32() != 7)
        {
            // The figures come every second.
        }
    }

    [Fact]
    public async Task A_watch_has_no_time_limit()
    {
        await using var node = await WebNode.StartAsync("node1", Stop, services: AddLimit, pipeline: app => app.UseRequestTimeouts());
        await node.Kv.SetAsync("k", default, cancellationToken: Stop);
        using var events = await EventReader.OpenAsync(node.Url + "/v1/watch?prefix=&progressMs=100", Stop);

        var seen = await events.TakeAsync(10, Stop);

        Assert.All(seen, e => Assert.Equal("progress", e.Name));
    }

    [Fact]
    public async Task A_client_that_goes_away_is_no_error_of_the_app()
    {
        using var log = new Warnings();
        await using var http = await StartAsync(log);
        http.Kv.Hangs = true;
        using var goes = CancellationTokenSource.CreateLinkedTokenSource(Stop);

        var request = http.Client.GetAsync("/v1/kv/k", goes.Token);
        await UntilAsync(() => http.Kv.Waiting == 1);
        await goes.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        await UntilAsync(() => http.Kv.Waiting == 0);
        await http.StopAsync();

        Assert.DoesNotContain(log.Lines, line => !line.Contains("AllowAnonymous", StringComparison.Ordinal));
    }

    private static Task<HttpFixture> StartAsync(Warnings? log = null) => HttpFixture.StartAsync(b => AddLimit(b.Services), app =>
    {
        app.UseRequestTimeouts();
        app.MapRaftKv(o => o.AllowAnonymous = true);
        app.MapRaftKvDashboard();
    }, log);

    private static void AddLimit(IServiceCollection services) =>
        services.AddRequestTimeouts(o => o.DefaultPolicy = new RequestTimeoutPolicy { Timeout = Limit });

    private static async Task UntilAsync(Func<bool> holds)
    {
        while (!holds())
            await Task.Delay(10, Stop);
    }

    /// <summary>A node whose only peer has stopped for good.</summary>
    public sealed class LostQuorum : IAsyncLifetime
    {
        private WebNode _node = null!;

        public HttpClient Client { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            _node = await WebNode.StartAsync(
                "node1", CancellationToken.None, o => o.RequestTimeout = TimeSpan.FromMinutes(1), AddLimit, app => app.UseRequestTimeouts());
            await _node.Kv.SetAsync("there", "1"u8.ToArray());
            await using (var peer = await WebNode.StartAsync("node2", CancellationToken.None))
                await _node.Cluster.AddMemberAsync("node2", peer.Cluster.Status.Address, CancellationToken.None);
            await foreach (var status in _node.Cluster.WatchStatusAsync())
            {
                if (status.LeaderId is null)
                    break;
            }
            Client = new HttpClient { BaseAddress = new Uri(_node.Url) };
        }

        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            await _node.DisposeAsync();
        }
    }
}
