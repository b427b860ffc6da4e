using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Xunit;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>The status on a follower has the lag and the liveness of all members, in a cluster of processes.</summary>
public class ClusterViewTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_follower_tells_the_lag_of_all_members_and_that_one_is_suspended()
    {
        await using var cluster = await SampleCluster.FormAsync(Stop);
        using var leader = new HttpClient { BaseAddress = cluster["node1"].Url };
        using var follower = new HttpClient { BaseAddress = cluster["node2"].Url };

        foreach (var name in new[] { "node1", "node3" })
        {
            var member = await UntilAsync(follower, name, m => name == "node1" || m.TryGetProperty("lag", out _));
            Assert.Equal("alive", member.GetProperty("state").GetString());
        }
        Signal("STOP", cluster["node3"]);
        for (var i = 0; i < 10; i++)
            (await leader.PutAsync("v1/kv/k", new StringContent("v"), Stop)).EnsureSuccessStatusCode();
        await UntilAsync(follower, "node3", m => m.GetProperty("state").GetString() == "dead");
        var behind = await UntilAsync(follower, "node3", m => m.GetProperty("lag").GetInt64() >= 10);

        Assert.True(behind.GetProperty("leaderContactMs").GetInt64() >= behind.GetProperty("reportAgeMs").GetInt64());
        Signal("CONT", cluster["node3"]);
        await UntilAsync(follower, "node3", m => m.GetProperty("state").GetString() == "alive" && m.GetProperty("lag").GetInt64() == 0);
    }

    private static async Task<JsonElement> UntilAsync(HttpClient http, string name, Func<JsonElement, bool> holds)
    {
        while (true)
        {
            var status = await http.GetFromJsonAsync<JsonElement>("v1/cluster", Stop);
            var member = status.GetProperty("members").EnumerateArray().FirstOrDefault(m => m.GetProperty("nodeId").GetString() == name);
            if (member.ValueKind == JsonValueKind.Object && holds(member))
                return member;
            await Task.Delay(50, Stop);
        }
    }

    private static void Signal(string signal, SampleNode node)
    {
        using var kill = Process.Start("kill", [$"-{signal}", node.ProcessId.ToString()]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }
}
