using System.Net;
using RaftKv.Embedded.Recovery;
using RaftKv.TestNode.Driver;
using Xunit;

namespace RaftKv.Embedded.Http.Tests.Routes;

/// <summary>All routes, each with a check of what its clients rely on.</summary>
internal static class RouteTable
{
    public static readonly Dictionary<string, Func<RouteClient, Task>> All = new()
    {
        ["PUT /v1/kv/{key}"] = c => c.PutsAsync("/v1/kv/" + c.KeyInPath),
        ["PUT /v1/kv?key="] = c => c.PutsAsync("/v1/kv?key=" + c.KeyInPath),
        ["GET /v1/kv/{key}"] = c => c.GetsAsync("/v1/kv/" + c.KeyInPath),
        ["GET /v1/kv?key="] = c => c.GetsAsync("/v1/kv?key=" + c.KeyInPath),
        ["HEAD /v1/kv/{key}"] = c => c.HeadsAsync("/v1/kv/" + c.KeyInPath),
        ["HEAD /v1/kv?key="] = c => c.HeadsAsync("/v1/kv?key=" + c.KeyInPath),
        ["DELETE /v1/kv/{key}"] = c => c.DeletesAsync("/v1/kv/" + c.KeyInPath),
        ["DELETE /v1/kv?key="] = c => c.DeletesAsync("/v1/kv?key=" + c.KeyInPath),
        ["GET /v1/kv?prefix="] = ListsAsync,
        ["GET /v1/watch"] = WatchesAsync,
        ["GET /v1/locks"] = LocksAsync,
        ["GET /v1/leases"] = LeasesAsync,
        ["POST /store"] = StoresAsync,
        ["GET /store/{key}"] = c => c.GetsJsonAsync("/store/" + c.KeyInPath),
        ["GET /store?key="] = c => c.GetsJsonAsync("/store?key=" + c.KeyInPath),
        ["HEAD /store/{key}"] = HeadsStoredAsync,
        ["DELETE /store/{key}"] = c => c.DeletesAsync("/store/" + c.KeyInPath),
        ["DELETE /store?key="] = c => c.DeletesAsync("/store?key=" + c.KeyInPath),
        ["POST /raft/join"] = c =>
            c.FailsAsync("POST", "/raft/join", 400, "raft_address", """{"node_id":"node2","raft_address":"nowhere"}"""),
        ["POST /raft/remove"] = c => c.FailsAsync("POST", "/raft/remove", 404, "member_not_found", """{"node_id":"node7"}"""),
        ["GET /raft/stats"] = c => c.ShowsProgressAsync("/raft/stats", "applied_index"),
        ["GET /debug/runtime"] = c => c.ShowsProgressAsync("/debug/runtime", "allocated_bytes_total"),
        ["GET /v1/cluster"] = c => c.ShowsProgressAsync("/v1/cluster", "applied"),
        ["POST /v1/cluster/members"] = c =>
            c.FailsAsync("POST", "/v1/cluster/members", 400, "invalid_address", """{"nodeId":"node2","address":"nowhere"}"""),
        ["POST /v1/cluster/members/{nodeId}/promote"] = c =>
            c.FailsAsync("POST", "/v1/cluster/members/node7/promote", 404, "member_not_found"),
        ["POST /v1/cluster/members/{nodeId}/replace"] = c => c.FailsAsync(
            "POST", "/v1/cluster/members/node7/replace", 404, "member_not_found", """{"nodeId":"node8","address":"127.0.0.1:1"}"""),
        ["DELETE /v1/cluster/members/{nodeId}"] = c => c.FailsAsync("DELETE", "/v1/cluster/members/node7", 404, "member_not_found"),
        ["POST /v1/cluster/transfer"] = c => c.FailsAsync("POST", "/v1/cluster/transfer", 404, "member_not_found", """{"to":"node7"}"""),
        ["POST /v1/cluster/snapshot"] = async c =>
            Assert.True((await c.JsonAsync("POST", "/v1/cluster/snapshot")).GetProperty("version").GetInt64() > 0),
        ["GET /v1/cluster/backup"] = BackupsAsync,
        ["GET /livez"] = async c => Assert.Equal("live", (await c.JsonAsync("GET", "/livez")).GetProperty("status").GetString()),
        ["GET /readyz"] = async c => Assert.Equal("ready", (await c.JsonAsync("GET", "/readyz")).GetProperty("status").GetString()),
        ["HEAD /livez"] = c => c.HasNoBodyAsync("/livez"),
        ["HEAD /readyz"] = c => c.HasNoBodyAsync("/readyz"),
        ["HEAD /v1/cluster"] = c => c.HasNoBodyAsync("/v1/cluster"),
        ["GET /raftkv"] = async c =>
            Assert.StartsWith("<!doctype html>", await c.TextAsync("GET", "/raftkv"), StringComparison.OrdinalIgnoreCase),
        ["HEAD /raftkv"] = c => c.HasNoBodyAsync("/raftkv"),
        ["GET /raftkv/events"] = FollowsTheStatusAsync,
        ["PUT /raftkv/v1/kv/{key}"] = c => c.PutsAsync("/raftkv/v1/kv/" + c.KeyInPath),
        ["GET /raftkv/v1/kv?key="] = c => c.GetsAsync("/raftkv/v1/kv?key=" + c.KeyInPath),
    };

    private static async Task ListsAsync(RouteClient client)
    {
        var path = "/v1/kv?prefix=" + client.KeyInPath;
        Assert.Equal(0, (await client.JsonAsync("GET", path)).GetProperty("entries").GetArrayLength());
        await client.Kv.SetAsync(client.Key, "1"u8.ToArray(), cancellationToken: client.Stop);

        var entry = Assert.Single((await client.JsonAsync("GET", path)).GetProperty("entries").EnumerateArray());

        Assert.Equal(client.Key, entry.GetProperty("key").GetString());
    }

    // Two watches at once: an intermediary that stores responses would hold back the second until the first has ended.
    private static async Task WatchesAsync(RouteClient client)
    {
        var path = "/v1/watch?prefix=" + client.KeyInPath;
        using var first = await client.EventsAsync(path);
        using var second = await client.EventsAsync(path);
        Assert.Equal("progress", (await first.NextAsync(client.Stop))!.Name);
        Assert.Equal("progress", (await second.NextAsync(client.Stop))!.Name);

        await client.Kv.SetAsync(client.Key, "1"u8.ToArray(), cancellationToken: client.Stop);

        Assert.Equal("put " + client.Key, (await first.NextAsync(client.Stop))!.What);
        Assert.Equal("put " + client.Key, (await second.NextAsync(client.Stop))!.What);
    }

    private static async Task LocksAsync(RouteClient client)
    {
        await using var held = await client.Coordination.AcquireLockAsync(client.Key, cancellationToken: client.Stop);

        var told = (await client.JsonAsync("GET", "/v1/locks")).GetProperty("locks").EnumerateArray();

        var token = told.Single(l => l.GetProperty("name").GetString() == client.Key).GetProperty("token").GetInt64();
        Assert.Equal(held.FencingToken.Value, token);
    }

    private static async Task LeasesAsync(RouteClient client)
    {
        await using var held = await client.Coordination.AcquireLockAsync(client.Key, cancellationToken: client.Stop);

        var told = (await client.JsonAsync("GET", "/v1/leases?limit=1000")).GetProperty("leases").EnumerateArray();

        Assert.Contains(told, l => l.GetProperty("keys").EnumerateArray().Any(k => k.GetString() == held.Key));
    }

    private static async Task StoresAsync(RouteClient client)
    {
        var body = $$"""{"key":"{{client.Key}}","value":[1]}""";

        var stored = (await client.JsonAsync("POST", "/store", body)).GetProperty("data");

        Assert.Equal(client.Key, stored.GetProperty("key").GetString());
        Assert.Equal("[1]", await client.StoredAsync());
    }

    private static async Task HeadsStoredAsync(RouteClient client)
    {
        await client.Kv.SetAsync(client.Key, "1"u8.ToArray(), cancellationToken: client.Stop);

        await client.HasNoBodyAsync("/store/" + client.KeyInPath);
    }

    private static async Task BackupsAsync(RouteClient client)
    {
        using var response = await client.SendAsync("GET", "/v1/cluster/backup");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var directory = TestDirectory.Create();
        await using (var body = await response.Content.ReadAsStreamAsync(client.Stop))
            await RaftKvBackup.RestoreAsync(body, directory, "node9", "127.0.0.1:1", client.Stop);
        TestDirectory.Delete(directory);
    }

    private static async Task FollowsTheStatusAsync(RouteClient client)
    {
        using var first = await client.EventsAsync("/raftkv/events");
        using var second = await client.EventsAsync("/raftkv/events");
        await first.NextAsync(client.Stop);
        await second.NextAsync(client.Stop);

        var version = (await client.Kv.SetAsync(client.Key, "1"u8.ToArray(), cancellationToken: client.Stop)).Version.Value;

        foreach (var events in new[] { first, second })
        {
            while ((await events.NextAsync(client.Stop))!.Data.GetProperty("log").GetProperty("applied").GetInt64() < version)
            {
                // The figures come every second.
            }
        }
    }
}
