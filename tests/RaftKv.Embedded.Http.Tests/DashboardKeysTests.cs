using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>The routes of the dashboard for keys and locks, over a real replica.</summary>
public class DashboardKeysTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Values_of_the_key_ring_are_never_told_and_internal_keys_are_never_changed()
    {
        await using var node = await WebNode.StartAsync("node1", Stop);
        using var http = Client(node);
        foreach (var key in new[] { "data-protection/key-1", "$raftkv/once/1", "d" })
            await node.Kv.SetReservedAsync(key, "secret"u8.ToArray(), Stop);

        foreach (var path in new[]
        {
            "kv?key=data-protection%2Fkey-1", "kv?key=data-protection%2Fkey-1&keysOnly=true", "kv/data-protection/key-1",
            "kv/data-protection/key-1?keysOnly=true", "kv/data-protection%2Fkey-1", "kv?prefix=", "kv?prefix=data-pro", "watch?prefix=",
            "watch?prefix=&keysOnly=false", "watch?key=data-protection%2Fkey-1",
        })
        {
            using var answer = await http.GetAsync("v1/" + path, HttpCompletionOption.ResponseHeadersRead, Stop);
            Assert.Equal("secret_value", (await KvTests.ProblemAsync(answer, HttpStatusCode.Forbidden, "secret_value")).GetProperty("code").GetString());
        }
        foreach (var path in new[] { "kv?prefix=data-pro&keysOnly=true", "watch?key=data-protection%2Fkey-1&keysOnly=true" })
        {
            using var answer = await http.GetAsync("v1/" + path, HttpCompletionOption.ResponseHeadersRead, Stop);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
        foreach (var key in new[] { "data-protection/key-1", "$raftkv/once/1", ".locks/a/1" })
        {
            using var put = await http.PutAsync($"v1/kv?key={Uri.EscapeDataString(key)}", new ByteArrayContent([1]), Stop);
            await KvTests.ProblemAsync(put, HttpStatusCode.Forbidden, "internal_key");
            using var deleted = await http.DeleteAsync($"v1/kv/{Uri.EscapeDataString(key)}", Stop);
            await KvTests.ProblemAsync(deleted, HttpStatusCode.Forbidden, "internal_key");
        }
        Assert.Equal("""{"deleted":1}""", await TextAsync(await http.DeleteAsync("v1/prefix?prefix=d&count=1", Stop)));
        Assert.Equal("secret", System.Text.Encoding.UTF8.GetString((await node.Kv.GetAsync("data-protection/key-1", cancellationToken: Stop)).Value.Span));
    }

    [Fact]
    public async Task The_tree_tells_groups_and_keys_with_size_version_and_end_page_by_page()
    {
        await using var node = await WebNode.StartAsync("node1", Stop);
        using var http = Client(node);
        var written = await node.Kv.SetAsync("orders/1", "abc"u8.ToArray(), new KvSetOptions { TimeToLive = TimeSpan.FromHours(1) }, Stop);
        await node.Kv.SetAsync("orders/2/lines", "abc"u8.ToArray(), cancellationToken: Stop);
        await node.Kv.SetAsync("data-protection/key-1", "abc"u8.ToArray(), cancellationToken: Stop);
        for (var i = 0; i < 250; i++)
            await node.Kv.SetAsync($"many/ü{i:000}", default, cancellationToken: Stop);

        Assert.Equal(["many/", "orders/"], Names(await JsonAsync(http, "v1/tree?prefix=")));
        Assert.Equal(["data-protection/", "many/", "orders/"], Names(await JsonAsync(http, "v1/tree?prefix=&internal=true")));
        var children = (await JsonAsync(http, "v1/tree?prefix=orders/")).GetProperty("children");
        Assert.Equal(["orders/1", "orders/2/"], Names(await JsonAsync(http, "v1/tree?prefix=orders/")));
        Assert.Equal((written.Version.Value, 3), (children[0].GetProperty("version").GetInt64(), children[0].GetProperty("bytes").GetInt32()));
        Assert.InRange(children[0].GetProperty("expiresAt").GetDateTimeOffset(), DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddHours(2));
        var first = await JsonAsync(http, "v1/tree?prefix=many/");
        var second = await JsonAsync(http, $"v1/tree?prefix=many/&after={Uri.EscapeDataString(first.GetProperty("next").GetString()!)}");
        Assert.Equal(Enumerable.Range(0, 250).Select(i => $"many/ü{i:000}"), Names(first).Concat(Names(second)));
        Assert.False(second.TryGetProperty("next", out _));
    }

    [Fact]
    public async Task The_next_page_of_the_tree_begins_behind_the_last_and_not_at_the_start()
    {
        await using var http = await HttpFixture.StartAsync(app => app.MapRaftKvDashboard(configure: o => o.AllowAnonymous = true));
        for (var i = 0; i < 201; i++)
            await http.Kv.SetAsync($"a/{i:000}", default, cancellationToken: Stop);

        var (_, first) = await http.GetAsync("/raftkv/v1/tree?prefix=a/");
        var next = JsonDocument.Parse(first).RootElement.GetProperty("next").GetString()!;
        var (_, second) = await http.GetAsync($"/raftkv/v1/tree?prefix=a/&after={Uri.EscapeDataString(next)}");

        Assert.Equal("a/199", http.Kv.LastAfter);
        Assert.Equal(["a/200"], Names(JsonDocument.Parse(second).RootElement));
    }

    [Fact]
    public async Task A_prefix_is_deleted_only_up_to_what_was_counted()
    {
        await using var node = await WebNode.StartAsync("node1", Stop);
        using var http = Client(node);
        for (var i = 0; i < 300; i++)
            await node.Kv.SetAsync($"a/{i:000}", default, cancellationToken: Stop);
        await node.Kv.SetAsync("b", default, cancellationToken: Stop);

        Assert.Equal("""{"count":300}""", await TextAsync(await http.GetAsync("v1/prefix?prefix=a/", Stop)));
        using var tooMany = await http.DeleteAsync("v1/prefix?prefix=a/&count=299", Stop);
        await KvTests.ProblemAsync(tooMany, HttpStatusCode.PreconditionFailed, "precondition_failed");
        using var everything = await http.DeleteAsync("v1/prefix?prefix=&count=301", Stop);
        await KvTests.ProblemAsync(everything, HttpStatusCode.BadRequest, "invalid_prefix");
        Assert.Equal(301, await node.Kv.CountAsync(KvKeyRange.All, cancellationToken: Stop));

        Assert.Equal("""{"deleted":300}""", await TextAsync(await http.DeleteAsync("v1/prefix?prefix=a/&count=300", Stop)));
        Assert.Equal(1, await node.Kv.CountAsync(KvKeyRange.All, cancellationToken: Stop));
    }

    [Fact]
    public async Task A_lock_is_told_with_its_holder_those_who_wait_and_its_lease()
    {
        await using var node = await WebNode.StartAsync("node1", Stop);
        using var http = Client(node);
        var coordination = node.Services.GetRequiredService<IRaftKvCoordination>();
        await using var held = await coordination.AcquireLockAsync("billing/100%", new KvLockOptions { TimeToLive = TimeSpan.FromMinutes(1) }, Stop);
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var waiting = coordination.AcquireLockAsync("billing/100%", cancellationToken: giveUp.Token).AsTask();

        JsonElement told;
        do
        {
            told = Assert.Single((await JsonAsync(http, "v1/locks")).GetProperty("locks").EnumerateArray());
        }
        while (told.GetProperty("waiting").GetInt32() < 1);

        Assert.Equal(("billing/100%", "node1"), (told.GetProperty("name").GetString(), told.GetProperty("holder").GetString()));
        Assert.Equal(held.FencingToken.Value, told.GetProperty("token").GetInt64());
        Assert.Equal(60_000, told.GetProperty("lease").GetProperty("timeToLiveMs").GetInt64());
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task Commit_latency_is_that_of_all_writes_of_the_node_and_not_of_its_HTTP_routes_alone()
    {
        await using var node = await WebNode.StartAsync("node1", Stop);
        using var http = Client(node);
        using var answer = await http.GetAsync("events", HttpCompletionOption.ResponseHeadersRead, Stop);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Stop));

        string line;
        do
        {
            await node.Kv.SetAsync("k", default, cancellationToken: Stop);
            line = (await reader.ReadLineAsync(Stop))!;
        }
        while (!line.Contains("\"writeMs\":{\"median\":", StringComparison.Ordinal));
    }

    private static HttpClient Client(WebNode node) => new() { BaseAddress = new Uri(node.Url + "/raftkv/") };

    private static async Task<string> TextAsync(HttpResponseMessage answer)
    {
        using (answer)
            return await answer.Content.ReadAsStringAsync(Stop);
    }

    private static async Task<JsonElement> JsonAsync(HttpClient http, string path) => JsonDocument.Parse(await http.GetStringAsync(path, Stop)).RootElement;

    private static string[] Names(JsonElement page) => [.. page.GetProperty("children").EnumerateArray().Select(c => c.GetProperty("name").GetString()!)];
}
