using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using RaftKv.Embedded.Tests.Documentation;
using Xunit;

namespace RaftKv.WebFarm.Tests;

/// <summary>
/// A real application on three processes: what it stores in the services of the framework stays available when the leader is killed.
/// </summary>
[Collection(FarmCollection.Name)]
public sealed class FarmTests(Farm farm)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void The_pages_show_the_samples_code() => DocumentedCode.IsThatOf(["samples", "WebFarm", "Program.cs"], "Web farms");

    [Fact]
    public async Task A_session_goes_from_node_to_node_and_loses_nothing_when_the_leader_is_killed()
    {
        await farm.ReviveAsync(Cancel);
        string? cookie = null;
        var bought = new List<string>();

        for (var i = 0; i < 40; i++)
        {
            if (i == 20)
                await farm.KillLeaderAsync(Cancel);
            var node = farm.Running[i % farm.Running.Length];
            bought.Add($"item{i}");
            var (cart, set) = await SendAsync(node, HttpMethod.Post, $"cart/item{i}", cookie);
            cookie ??= set;
            // Each request goes to another node than the one before, and finds all that was bought.
            Assert.Equal(string.Join(',', bought), cart);
        }

        await farm.ReviveAsync(Cancel);
        foreach (var node in farm.Nodes)
            Assert.Equal(string.Join(',', bought), (await SendAsync(node, HttpMethod.Get, "cart", cookie)).Body);
    }

    [Fact]
    public async Task Output_that_one_node_has_made_is_served_by_all_also_after_the_leader_is_killed()
    {
        await farm.ReviveAsync(Cancel);

        // A page is bytes in IDistributedCache, a report is in HybridCache.
        string[] early = ["pages/early", "reports/early"], late = ["pages/late", "reports/late"];
        var made = await MakeAsync(farm.Nodes[0], early);
        foreach (var node in farm.Nodes)
            Assert.Equal(made, await GetAsync(node, early));
        var killed = await farm.KillLeaderAsync(Cancel);
        var (one, other) = (farm.Running[0], farm.Running[1]);

        // There is no leader yet: new output is stored when there is one, and the output that was made before is served.
        made = [.. made, .. await MakeAsync(one, late)];
        Assert.Equal(made, await GetAsync(other, [.. early, .. late]));

        // The memory of the server that returns is empty: it has only what the cluster has.
        await farm.ReviveAsync(Cancel);
        Assert.Equal(made, await GetAsync(killed, [.. early, .. late]));
    }

    [Fact]
    public async Task Servers_that_started_at_once_have_one_key_and_unprotect_what_any_of_them_protected()
    {
        await farm.ReviveAsync(Cancel);

        var codes = new List<string>();
        foreach (var node in farm.Nodes)
            codes.Add((await SendAsync(node, HttpMethod.Post, "vouchers/half-price")).Body);
        var keys = await farm.Nodes[0].Http.GetFromJsonAsync<JsonElement>("v1/kv?prefix=data-protection/keys/&keysOnly=true", Cancel);
        Assert.Equal(1, keys.GetProperty("entries").GetArrayLength());
        await AllUnprotectAsync(codes);

        var killed = await farm.KillLeaderAsync(Cancel);
        codes.Add((await SendAsync(farm.Running[0], HttpMethod.Post, "vouchers/half-price")).Body);
        await AllUnprotectAsync(codes);

        await farm.ReviveAsync(Cancel);
        codes.Add((await SendAsync(killed, HttpMethod.Post, "vouchers/half-price")).Body);
        await AllUnprotectAsync(codes);
        using var forged = await killed.Http.GetAsync("vouchers?code=CfDJ8forged", Cancel);
        Assert.Equal(HttpStatusCode.BadRequest, forged.StatusCode);
    }

    [Fact]
    public async Task Options_follow_the_store_on_every_node_also_after_the_leader_is_killed()
    {
        await farm.ReviveAsync(Cancel);

        await PutMottoAsync(farm.Nodes[0], "Everything must go");
        await AllSayAsync("Everything must go");
        var killed = await farm.KillLeaderAsync(Cancel);
        await PutMottoAsync(farm.Running[0], "Nothing is gone");
        await AllSayAsync("Nothing is gone");

        await farm.ReviveAsync(Cancel);
        await AllSayAsync("Nothing is gone");
        using var cleared = await killed.Http.DeleteAsync("v1/kv/config/Shop/Motto", Cancel);
        await AllSayAsync("Open");
    }

    /// <summary>Requests output from a node, and waits until it is stored: HybridCache answers before that.</summary>
    private static async Task<string[]> MakeAsync(FarmNode node, string[] paths)
    {
        var made = await GetAsync(node, paths);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        foreach (var path in paths)
        {
            while (true)
            {
                using var stored = await node.Http.GetAsync($"v1/kv/cache/{path}", limit.Token);
                if (stored.IsSuccessStatusCode)
                    break;
                await Task.Delay(20, limit.Token);
            }
        }
        return made;
    }

    private static async Task<string[]> GetAsync(FarmNode node, string[] paths)
    {
        var bodies = new List<string>();
        foreach (var path in paths)
            bodies.Add(await node.Http.GetStringAsync(path, Cancel));
        return [.. bodies];
    }

    private static async Task PutMottoAsync(FarmNode node, string motto)
    {
        using var answer = await node.Http.PutAsync("v1/kv/config/Shop/Motto", new StringContent(motto), Cancel);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Waits until every running server shows this motto.</summary>
    private async Task AllSayAsync(string motto)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        foreach (var node in farm.Running)
        {
            while (await node.Http.GetStringAsync("motto", limit.Token) != motto)
                await Task.Delay(20, limit.Token);
        }
    }

    private async Task AllUnprotectAsync(List<string> codes)
    {
        foreach (var node in farm.Running)
        {
            foreach (var code in codes)
                Assert.Equal("half-price", await node.Http.GetStringAsync($"vouchers?code={code}", Cancel));
        }
    }

    /// <summary>One request with the cookie of the session, and the cookie that the answer sets.</summary>
    private static async Task<(string Body, string? Cookie)> SendAsync(FarmNode node, HttpMethod method, string path, string? cookie = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (cookie is not null)
            request.Headers.Add("Cookie", cookie);
        using var answer = await node.Http.SendAsync(request, Cancel);
        var body = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.IsSuccessStatusCode, $"{node.Name} answered {answer.StatusCode}: {body}\n{node.Output}");
        return (body, answer.Headers.TryGetValues("Set-Cookie", out var set) ? set.First().Split(';')[0] : null);
    }
}
