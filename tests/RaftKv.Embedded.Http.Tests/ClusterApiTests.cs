using System.Net;
using System.Text;
using System.Text.Json;
using Xunit;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>
/// The routes below <c>/v1/cluster</c>: the status, changes of members, transfers, snapshots, and the refusal of bad bodies and of pages of
/// other origins.
/// </summary>
public class ClusterApiTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_status_tells_node_log_members_and_elections()
    {
        await using var http = await HttpFixture.StartAsync();
        http.Kv.Status = new RaftKvStatus
        {
            NodeId = "node1", Address = "localhost:1111", Role = RaftKvRole.Leader, IsReady = true, Term = 3, LeaderId = "node1", FirstIndex = 2, LastIndex = 12,
            CommitIndex = 11, AppliedIndex = 10, DurableIndex = 12, LastContact = TimeSpan.Zero, KeyCount = 4,
            Members =
            [
                new() { NodeId = "node1", Address = "localhost:1111", IsLeader = true, MatchIndex = 12, LastContact = TimeSpan.Zero },
                new()
                {
                    NodeId = "node2", Address = "localhost:1112", Role = RaftKvMemberRole.Learner, MatchIndex = 9,
                    LastContact = TimeSpan.FromSeconds(1.5), IsReachable = true,
                },
                new() { NodeId = "node3", Address = "localhost:1113", HasLostEntries = true },
            ],
            Elections = [new() { Term = 3, LeaderId = "node1", At = DateTimeOffset.UnixEpoch, Cause = "won the election" }],
        };

        var status = JsonDocument.Parse((await http.GetAsync("/v1/cluster")).Body).RootElement;

        Assert.Equal(("node1", "leader", true, "node1", 3), (Text(status, "nodeId"), Text(status, "role"), status.GetProperty("ready").GetBoolean(), Text(status, "leaderId"), status.GetProperty("term").GetInt32()));
        Assert.Equal("""{"first":2,"snapshot":0,"applied":10,"commit":11,"durable":12,"last":12,"lastTerm":0,"configuration":0,"verified":0}""", status.GetProperty("log").GetRawText());
        Assert.Equal("""{"nodeId":"node2","address":"localhost:1112","voter":false,"leader":false,"state":"alive","match":9,"lag":3,"lastContactMs":1500}""", status.GetProperty("members")[1].GetRawText());
        Assert.Equal("""{"nodeId":"node3","address":"localhost:1113","voter":true,"leader":false,"state":"dead","lastContactMs":null,"lostEntries":true}""", status.GetProperty("members")[2].GetRawText());
        Assert.Equal("""{"voters":2,"majority":2,"alive":1,"mayFail":0,"lost":true}""", status.GetProperty("quorum").GetRawText());
        Assert.Equal("""{"term":3,"leaderId":"node1","at":"1970-01-01T00:00:00+00:00","cause":"won the election"}""", status.GetProperty("elections")[0].GetRawText());
    }

    [Theory]
    [InlineData(RaftKvDurability.Fsync, "fsync")]
    [InlineData(RaftKvDurability.OsBuffered, "os-buffered")]
    [InlineData(RaftKvDurability.Memory, "memory")]
    public async Task The_status_tells_what_an_acknowledgement_means(RaftKvDurability durability, string expected)
    {
        await using var http = await HttpFixture.StartAsync();
        http.Kv.Status = http.Kv.Status with { Durability = durability };

        var status = JsonDocument.Parse((await http.GetAsync("/v1/cluster")).Body).RootElement;

        Assert.Equal(expected, Text(status, "durability"));
    }

    [Fact]
    public async Task The_status_tells_everything_that_the_node_knows_of_itself()
    {
        await using var http = await HttpFixture.StartAsync();
        http.Kv.Status = http.Kv.Status with
        {
            Fault = "The disk is broken.", WaitsFor = "a leader", Quarantine = "another copy", RolledBack = "an old copy", VerifiedIndex = 9, FreeDiskBytes = 1000,
            IsDiskFull = true, KeyIndexBytes = 77, WatchCount = 3, OldestWatchableVersion = new KvVersion(5), LogTimeAhead = TimeSpan.FromSeconds(-2),
        };

        var status = JsonDocument.Parse((await http.GetAsync("/v1/cluster")).Body).RootElement;

        Assert.Equal(["The disk is broken.", "a leader", "another copy", "an old copy"], new[] { "fault", "waitsFor", "quarantine", "rolledBack" }.Select(name => Text(status, name)));
        Assert.Equal([1000, 77, 3, 5, -2000], new[] { "freeDiskBytes", "keyIndexBytes", "watches", "oldestWatchableVersion", "logTimeAheadMs" }.Select(name => status.GetProperty(name).GetInt64()));
        Assert.True(status.GetProperty("diskFull").GetBoolean());
        Assert.Equal(["keyBytes", "valueBytes", "transactionBytes"], status.GetProperty("limits").EnumerateObject().Select(p => p.Name));
        Assert.Equal(9, status.GetProperty("log").GetProperty("verified").GetInt64());
    }

    [Fact]
    public async Task Members_come_and_go_the_leadership_moves_and_a_snapshot_is_taken()
    {
        await using var http = await HttpFixture.StartAsync();
        await http.Kv.SetAsync("k", default, cancellationToken: Stop);

        var (added, _) = await http.PostAsync("/v1/cluster/members", """{"nodeId":"node2","address":"localhost:1112"}""");
        using var removed = await http.SendAsync("DELETE", "/v1/cluster/members/node3");
        var (moved, _) = await http.PostAsync("/v1/cluster/transfer", """{"to":"node2"}""");
        var (movedToAny, _) = await http.PostAsync("/v1/cluster/transfer", "{}");
        using var snapshot = await http.SendAsync("POST", "/v1/cluster/snapshot");

        Assert.All([added, removed.StatusCode, moved, movedToAny], status => Assert.Equal(HttpStatusCode.OK, status));
        Assert.Equal(["add node2 localhost:1112", "remove node3", "transfer node2", "transfer "], http.Kv.MembershipCalls);
        Assert.Equal("""{"version":1}""", await snapshot.Content.ReadAsStringAsync(Stop));
    }

    [Fact]
    public async Task A_learner_is_added_and_later_promoted()
    {
        await using var http = await HttpFixture.StartAsync();
        http.Kv.Status = http.Kv.Status with
        {
            Members = [new() { NodeId = "node4", Address = "localhost:1114", Role = RaftKvMemberRole.Learner, MatchIndex = 9 }],
        };

        var (added, _) = await http.PostAsync("/v1/cluster/members", """{"nodeId":"node4","address":"localhost:1114","role":"learner"}""");
        var (promoted, _) = await http.PostAsync("/v1/cluster/members/node4/promote", "");
        var (unknown, _) = await http.PostAsync("/v1/cluster/members/node5/promote", "");

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.NotFound], [added, promoted, unknown]);
        Assert.Equal(["add node4 localhost:1114 as a learner", "add node4 localhost:1114"], http.Kv.MembershipCalls);
    }

    [Theory]
    [InlineData("members", """{"nodeId":"node2","address":"localhost:1112","role":"king"}""", "role")]
    [InlineData("members", """{"nodeId":"node2"}""", "address")]
    [InlineData("members", """{"nodeId":"node2","address":"localhost"}""", "address")]
    [InlineData("members", """{"address":"localhost:1112"}""", "nodeId")]
    [InlineData("members", "[]", "body")]
    [InlineData("transfer", """{"to":7}""", "to")]
    [InlineData("transfer", "", "body")]
    public async Task A_bad_body_is_refused_and_the_field_named(string route, string json, string field)
    {
        await using var http = await HttpFixture.StartAsync();

        using var answer = await http.SendAsync("POST", "/v1/cluster/" + route, new StringContent(json, Encoding.UTF8, "application/json"));

        var problem = await KvTests.ProblemAsync(answer, HttpStatusCode.BadRequest, "invalid_" + field.ToLowerInvariant());
        Assert.Equal(field, Text(problem, "field"));
        Assert.Empty(http.Kv.MembershipCalls);
    }

    [Fact]
    public async Task A_refused_change_is_a_conflict_with_its_reason()
    {
        await using var http = await HttpFixture.StartAsync();
        http.Kv.Failure = new RaftKvMembershipException(RaftKvMembershipError.LastVoter, "node1 is the last voter.");

        using var answer = await http.SendAsync("DELETE", "/v1/cluster/members/node1");

        var problem = await KvTests.ProblemAsync(answer, HttpStatusCode.Conflict, "last_voter");
        Assert.Equal("node1 is the last voter.", Text(problem, "detail"));
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site", false)]
    [InlineData("Sec-Fetch-Site", "same-site", false)]
    [InlineData("Sec-Fetch-Site", "same-origin", true)]
    [InlineData("Sec-Fetch-Site", "none", true)]
    [InlineData("Origin", "http://evil.example", false)]
    [InlineData("Origin", "null", false)]
    public async Task A_web_page_of_another_origin_changes_nothing(string header, string value, bool allowed)
    {
        await using var http = await HttpFixture.StartAsync();

        using var answer = await http.SendAsync("DELETE", "/v1/cluster/members/node3", header: header, value: value);

        if (allowed)
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        else
            await KvTests.ProblemAsync(answer, HttpStatusCode.Forbidden, "cross_origin");
        Assert.Equal(allowed ? 1 : 0, http.Kv.MembershipCalls.Count);
    }

    private static string? Text(JsonElement json, string name) => json.GetProperty(name).GetString();
}
