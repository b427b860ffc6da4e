using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Xunit;

namespace RaftKv.WebFarm.Tests;

/// <summary>
/// The application while none, one and two of its three servers are down, and on a server that was started alone: probes and pages that
/// only read are served by every server that runs, and what cannot be stored is refused.
/// </summary>
[Collection(FarmCollection.Name)]
public sealed class LostQuorumTests(Farm farm)
{
    /// <summary>Far less than the time for which a call waits for a quorum (30 s), and enough for a busy machine.</summary>
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pages_that_only_read_are_served_at_once_however_many_servers_are_away()
    {
        await farm.ReviveAsync(Cancel);
        var visitor = await VisitAsync(farm.Nodes[0]);
        await visitor.ReadsEverywhereAsync(HttpStatusCode.OK);

        await farm.KillLeaderAsync(Cancel);
        await Task.WhenAll(farm.Running.Select(n => n.WaitUntilReadyAsync(Cancel)));
        await visitor.ReadsEverywhereAsync(HttpStatusCode.OK);
        await visitor.BuysAsync(farm.Running[1]);

        var last = farm.Running[0];
        await farm.Running[1].KillAsync();
        await visitor.WaitUntilServedAsync(last);
        await visitor.ReadsEverywhereAsync(HttpStatusCode.ServiceUnavailable);
        await visitor.IsRefusedAsync(last);

        // All servers are down, and one is started alone: it has its own copy, and no leader has told it which entries are committed.
        await last.KillAsync();
        last.Start();
        await last.WaitUntilAliveAsync(Cancel);
        await visitor.WaitUntilServedAsync(last);
        await visitor.ReadsEverywhereAsync(HttpStatusCode.ServiceUnavailable);
        await visitor.IsRefusedAsync(last);

        await farm.ReviveAsync(Cancel);
        await last.WaitUntilReadyAsync(Cancel);
        await visitor.ReadsEverywhereAsync(HttpStatusCode.OK);
        await visitor.BuysAsync(last);
    }

    /// <summary>Leaves something of each kind: a session, a page, a report, a voucher, a setting.</summary>
    private async Task<Visitor> VisitAsync(FarmNode node)
    {
        var (bought, cookie) = await SendAsync(node, HttpMethod.Post, "cart/tea");
        Assert.Equal(HttpStatusCode.OK, bought.Status);
        using var motto = await node.Http.PutAsync("v1/kv/config/Shop/Motto", new StringContent("Open all night"), Cancel);
        motto.EnsureSuccessStatusCode();
        var voucher = (await SendAsync(node, HttpMethod.Post, "vouchers/half-price")).Answer.Body;
        var page = (await SendAsync(node, HttpMethod.Get, "pages/kept")).Answer.Body;
        await SendAsync(node, HttpMethod.Get, "reports/kept");
        return new Visitor(farm, cookie!, voucher, page) { Cart = "tea" };
    }

    private static async Task<((HttpStatusCode Status, string Body) Answer, string? Cookie)> SendAsync(FarmNode node, HttpMethod method, string path, string? cookie = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (cookie is not null)
            request.Headers.Add("Cookie", cookie);
        using var answer = await node.Http.SendAsync(request, Cancel);
        var body = await answer.Content.ReadAsStringAsync(Cancel);
        return ((answer.StatusCode, body), answer.Headers.TryGetValues("Set-Cookie", out var set) ? set.First().Split(';')[0] : null);
    }

    /// <summary>A visitor with a session.</summary>
    private sealed class Visitor(Farm farm, string cookie, string voucher, string page)
    {
        public string Cart { get; set; } = "";

        /// <summary>Requests every route that only reads, on every server that runs.</summary>
        /// <param name="ready">What the readiness probe answers.</param>
        public async Task ReadsEverywhereAsync(HttpStatusCode ready)
        {
            foreach (var node in farm.Running)
            {
                Assert.Equal(Cart, await ReadAsync(node, "cart", HttpStatusCode.OK));
                Assert.Equal(page, await ReadAsync(node, "pages/kept", HttpStatusCode.OK));
                Assert.Equal("half-price", await ReadAsync(node, $"vouchers?code={voucher}", HttpStatusCode.OK));
                Assert.Equal("Open all night", await ReadAsync(node, "motto", HttpStatusCode.OK));
                Assert.Equal("Open all night", await ReadAsync(node, "v1/kv/config/Shop/Motto?consistency=stale", HttpStatusCode.OK));
                var listed = JsonDocument.Parse(await ReadAsync(node, "v1/kv?prefix=config/&consistency=stale", HttpStatusCode.OK));
                Assert.Equal(1, listed.RootElement.GetProperty("entries").GetArrayLength());
                await ReadAsync(node, "livez", HttpStatusCode.OK);
                await ReadAsync(node, "readyz", ready);
                // Output that is not in this server's memory is made again, also while the second level of the cache is unavailable.
                foreach (var path in (string[])["reports/kept", $"reports/{Guid.NewGuid()}", $"pages/{Guid.NewGuid()}", "v1/cluster", "raft/stats", "debug/runtime", "raftkv", "openapi-is-not-mapped"])
                    await ReadAsync(node, path, path.StartsWith("openapi", StringComparison.Ordinal) ? HttpStatusCode.NotFound : HttpStatusCode.OK);
                await ReadEventAsync(node);
            }
        }

        /// <summary>
        /// Waits until the server knows that there is no leader, and serves the cart: before that a read waits for a leader.
        /// </summary>
        public async Task WaitUntilServedAsync(FarmNode node)
        {
            for (var clock = Stopwatch.StartNew(); ; await Task.Delay(50, Cancel))
            {
                var status = await node.Http.GetFromJsonAsync<JsonElement>("v1/cluster", Cancel);
                if (status.GetProperty("leaderId").ValueKind == JsonValueKind.Null && (await SendAsync(node, HttpMethod.Get, "cart", cookie)).Answer == (HttpStatusCode.OK, Cart))
                    return;
                Assert.True(clock.Elapsed < Patience, node.Output);
            }
        }

        public async Task BuysAsync(FarmNode node)
        {
            var (bought, _) = await SendAsync(node, HttpMethod.Post, "cart/cake", cookie);
            Assert.Equal((HttpStatusCode.OK, $"{Cart},cake"), bought);
            Cart = bought.Body;
        }

        /// <summary>A write to the session fails at once with an error, and is not kept for later.</summary>
        public async Task IsRefusedAsync(FarmNode node)
        {
            var clock = Stopwatch.StartNew();
            var (refused, _) = await SendAsync(node, HttpMethod.Post, "cart/cake", cookie);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.Status);
            Assert.True(clock.Elapsed < AtOnce, $"The refusal took {clock.Elapsed}.");
            Assert.Equal(Cart, await ReadAsync(node, "cart", HttpStatusCode.OK));
        }

        private async Task<string> ReadAsync(FarmNode node, string path, HttpStatusCode expected)
        {
            var clock = Stopwatch.StartNew();
            var (answer, _) = await SendAsync(node, HttpMethod.Get, path, cookie);
            TestContext.Current.TestOutputHelper!.WriteLine($"{farm.Running.Length} running, {node.Name}, {path.Split('?')[0]}: {clock.Elapsed.TotalMilliseconds:0.0} ms");
            Assert.True(answer.Status == expected, $"{node.Name} answered {path} with {answer.Status}: {answer.Body}\n{node.Output}");
            Assert.True(clock.Elapsed < AtOnce, $"{node.Name} answered {path} after {clock.Elapsed}, with {farm.Running.Length} servers running.");
            return answer.Body;
        }

        private static async Task ReadEventAsync(FarmNode node)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            limit.CancelAfter(AtOnce);
            using var answer = await node.Http.GetAsync("raftkv/events", HttpCompletionOption.ResponseHeadersRead, limit.Token);
            using var events = new StreamReader(await answer.Content.ReadAsStreamAsync(limit.Token));
            string? line;
            do
                line = await events.ReadLineAsync(limit.Token);
            while (line?.StartsWith("data:", StringComparison.Ordinal) == false);
            Assert.NotNull(line);
        }
    }
}
