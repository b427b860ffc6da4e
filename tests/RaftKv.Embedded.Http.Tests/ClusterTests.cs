using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>
/// The cluster routes of the article, <c>/raft/join</c>, <c>/raft/remove</c> and <c>/raft/stats</c>, and <c>/debug/runtime</c>; and what
/// mapping them logs or refuses.
/// </summary>
public class ClusterTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Join_and_remove_take_the_articles_bodies()
    {
        await using var http = await HttpFixture.StartAsync();

        var (joined, body) = await http.PostAsync("/raft/join", """{"node_id":"node2","raft_address":"localhost:1112"}""");
        var (removed, _) = await http.PostAsync("/raft/remove", """{"node_id":"node3"}""");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (joined, removed));
        Assert.Equal(["add node2 localhost:1112", "remove node3"], http.Kv.MembershipCalls);
        Assert.Equal("node node2 at localhost:1112 joined successfully", JsonDocument.Parse(body).RootElement.GetProperty("message").GetString());
    }

    [Theory]
    [InlineData("/raft/join", """{"node_id":"node2"}""", "raft_address")]
    [InlineData("/raft/join", """{"raft_address":"localhost:1112"}""", "node_id")]
    [InlineData("/raft/join", """{"node_id":"node2","raft_address":"localhost"}""", "raft_address")]
    [InlineData("/raft/remove", "{}", "node_id")]
    public async Task A_bad_member_is_refused_and_the_field_named(string path, string json, string field)
    {
        await using var http = await HttpFixture.StartAsync();

        var (status, body) = await http.PostAsync(path, json);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(field, JsonDocument.Parse(body).RootElement.GetProperty("field").GetString());
        Assert.DoesNotContain("Parameter", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stats_keep_the_names_and_the_form_their_readers_know()
    {
        await using var http = await HttpFixture.StartAsync();
        http.Kv.Status = new RaftKvStatus
        {
            NodeId = "node2", Address = "localhost:1112", Role = RaftKvRole.Follower, Term = 3, LeaderId = "node1", LastIndex = 12, LastTerm = 3,
            CommitIndex = 11, AppliedIndex = 9, SnapshotIndex = 5, SnapshotTerm = 2, LastContact = TimeSpan.FromMilliseconds(12.5),
            Members =
            [
                new() { NodeId = "node1", Address = "localhost:1111", IsLeader = true },
                new() { NodeId = "node2", Address = "localhost:1112" },
                new() { NodeId = "node3", Address = "localhost:1113", Role = RaftKvMemberRole.Learner },
            ],
        };

        var data = JsonDocument.Parse((await http.GetAsync("/raft/stats")).Body).RootElement.GetProperty("data");

        Assert.All(data.EnumerateObject(), p => Assert.Equal(JsonValueKind.String, p.Value.ValueKind));
        string[] expected =
        [
            "state=Follower", "term=3", "last_log_index=12", "last_log_term=3", "commit_index=11", "applied_index=9", "fsm_pending=2", "last_snapshot_index=5",
            "last_snapshot_term=2", "last_contact=12.5ms", "num_peers=1",
            "latest_configuration=[{Suffrage:Voter ID:node1 Address:localhost:1111} {Suffrage:Voter ID:node2 Address:localhost:1112} {Suffrage:Nonvoter ID:node3 Address:localhost:1113}]",
        ];
        Assert.Equal(expected, data.EnumerateObject().Select(p => $"{p.Name}={p.Value}").Take(expected.Length));
    }

    [Fact]
    public async Task The_runtime_can_be_looked_at()
    {
        await using var http = await HttpFixture.StartAsync();

        var data = JsonDocument.Parse((await http.GetAsync("/debug/runtime")).Body).RootElement.GetProperty("data");

        Assert.Equal(Environment.ProcessId, data.GetProperty("process").GetProperty("id").GetInt32());
        Assert.True(data.GetProperty("gc").GetProperty("heap_bytes").GetInt64() > 0);
        Assert.True(data.GetProperty("thread_pool").GetProperty("threads").GetInt32() > 0);
    }

    [Fact]
    public async Task Opening_them_to_anyone_is_logged_as_a_warning()
    {
        using var log = new Warnings();
        await using var app = HttpFixture.Build(new MemoryKv(), log);

        app.MapRaftKv(o => o.AllowAnonymous = true);

        Assert.Contains("AllowAnonymous is set", Assert.Single(log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mapping_without_a_replica_names_the_missing_call()
    {
        await using var app = HttpFixture.Build(kv: null);

        var error = Assert.Throws<InvalidOperationException>(() => app.MapRaftKv(o => o.AllowAnonymous = true));

        Assert.Contains("AddRaftKv", error.Message, StringComparison.Ordinal);
    }
}
