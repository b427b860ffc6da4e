using System.Net;
using System.Text.Json;
using Xunit;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>
/// The status, the code and the Retry-After header of every failure, also for calls that must not be forwarded, for copies that are too
/// old, and for missing keys.
/// </summary>
public class ErrorTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<string, int, string, bool> Table
    {
        get
        {
            var rows = new TheoryData<string, int, string, bool>();
            foreach (var (name, (_, status, code, retry)) in Failures)
                rows.Add(name, status, code, retry);
            return rows;
        }
    }

    internal static Dictionary<string, (Exception Failure, int Status, string Code, bool Retry)> Failures => new()
    {
        ["unknown"] = (new RaftKvOutcomeUnknownException("?"), 504, "outcome_unknown", false),
        ["not formed"] = (new RaftKvUnavailableException(RaftKvUnavailableReason.NotFormed, "?"), 503, "not_formed", true),
        ["no leader"] = (new RaftKvUnavailableException(RaftKvUnavailableReason.NoLeader, "?"), 503, "no_leader", true),
        ["no quorum"] = (new RaftKvUnavailableException(RaftKvUnavailableReason.NoQuorum, "?"), 503, "no_quorum", true),
        ["stopping"] = (new RaftKvUnavailableException(RaftKvUnavailableReason.Stopping, "?"), 503, "stopped", true),
        ["not ready"] = (new RaftKvUnavailableException(RaftKvUnavailableReason.NotReady, "?"), 503, "not_ready", true),
        ["removed"] = (new RaftKvUnavailableException(RaftKvUnavailableReason.Removed, "?"), 503, "removed", false),
        ["stale"] = (new RaftKvUnavailableException(RaftKvUnavailableReason.StaleRead, "?"), 503, "stale_read", true),
        ["feature"] = (new RaftKvUnavailableException(RaftKvUnavailableReason.FeatureNotActive, "?"), 503, "feature_not_active", true),
        ["too old"] = (new RaftKvMembershipException(RaftKvMembershipError.TooOld, "?"), 409, "too_old", false),
        ["quarantined"] = (new RaftKvUnavailableException(RaftKvUnavailableReason.Quarantined, "?"), 503, "quarantined", true),
        ["no space"] = (new RaftKvUnavailableException(RaftKvUnavailableReason.NoSpace, "?"), 507, "no_space", false),
        ["overloaded"] = (new RaftKvUnavailableException(RaftKvUnavailableReason.Overloaded, "?"), 429, "too_many_requests", true),
        ["faulted"] = (new RaftKvUnavailableException(RaftKvUnavailableReason.Faulted, "?"), 500, "faulted", false),
        ["value too large"] = (new RaftKvLimitExceededException(nameof(RaftKvOptions.MaxValueBytes), 2, 1), 413, "request_too_large", false),
        ["key too long"] = (new RaftKvLimitExceededException(nameof(RaftKvOptions.MaxKeyBytes), 2, 1), 400, "invalid_key", false),
        ["disk full"] = (new RaftKvStorageException(RaftKvStorageError.DiskFull, "?"), 507, "no_space", false),
        ["disk"] = (new RaftKvStorageException(RaftKvStorageError.Io, "?"), 500, "storage_error", false),
        ["unknown member"] = (new RaftKvMembershipException(RaftKvMembershipError.UnknownMember, "?"), 404, "member_not_found", false),
        ["exists"] = (new RaftKvMembershipException(RaftKvMembershipError.MemberExists, "?"), 409, "member_exists", false),
        ["quorum"] = (new RaftKvMembershipException(RaftKvMembershipError.WouldLoseQuorum, "?"), 409, "not_enough_started_members", false),
        ["foreign"] = (new RaftKvMembershipException(RaftKvMembershipError.ForeignNode, "?"), 409, "foreign_node", false),
        ["in progress"] = (new RaftKvMembershipException(RaftKvMembershipError.ChangeInProgress, "?"), 409, "change_in_progress", true),
        ["written twice"] = (new RaftKvTransactionException(RaftKvTransactionError.KeyWrittenTwice, "?"), 400, "duplicate_key", false),
        ["many operations"] = (new RaftKvTransactionException(RaftKvTransactionError.TooManyOperations, "?"), 400, "too_many_operations", false),
        ["large result"] = (new RaftKvTransactionException(RaftKvTransactionError.ResultTooLarge, "?"), 413, "result_too_large", false),
        ["not caught up"] = (new RaftKvMembershipException(RaftKvMembershipError.NotCaughtUp, "?"), 409, "learner_not_ready", true),
    };

    [Theory]
    [MemberData(nameof(Table))]
    public async Task Every_failure_has_its_status_and_code(string name, int status, string code, bool retry)
    {
        await using var http = await HttpFixture.StartAsync();
        http.Kv.Failure = Failures[name].Failure;

        using var answer = await http.Client.DeleteAsync("/store/k", Stop);

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(retry, answer.Headers.RetryAfter is not null);
        var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Stop)).RootElement;
        Assert.Equal(code, body.GetProperty("code").GetString());
        Assert.Equal(http.Kv.Failure.Message, body.GetProperty("error").GetString());
    }

    [Fact]
    public async Task Who_does_not_want_to_be_forwarded_is_told_the_leader()
    {
        await using var http = await HttpFixture.StartAsync();
        http.Kv.Status = http.Kv.Status with { LeaderId = "node2" };

        using var misdirected = await http.SendAsync("PUT", "/v1/kv/k?forward=false", new StringContent("v"));
        http.Kv.Status = http.Kv.Status with { LeaderId = null };
        using var leaderless = await http.SendAsync("DELETE", "/v1/kv/k?forward=false");

        Assert.Equal((HttpStatusCode.MisdirectedRequest, "not_leader"), (misdirected.StatusCode, await CodeOfAsync(misdirected)));
        Assert.Equal("node2", Assert.Single(misdirected.Headers.GetValues("X-RaftKv-Leader")));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "no_leader"), (leaderless.StatusCode, await CodeOfAsync(leaderless)));
        Assert.Empty(http.Kv.Keys);
    }

    [Fact]
    public async Task A_copy_older_than_asked_for_is_not_served()
    {
        await using var http = await HttpFixture.StartAsync();
        http.Kv.Age = TimeSpan.FromSeconds(2);

        using var old = await http.SendAsync("GET", "/v1/kv/k?stale&maxAge=1000");
        using var young = await http.SendAsync("GET", "/v1/kv/k?stale&maxAge=3000");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "stale_read"), (old.StatusCode, await CodeOfAsync(old)));
        Assert.NotNull(old.Headers.RetryAfter);
        Assert.Equal(HttpStatusCode.NotFound, young.StatusCode);
    }

    [Fact]
    public async Task A_missing_key_is_404_and_its_deletion_is_not_an_error()
    {
        await using var http = await HttpFixture.StartAsync();

        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("/store/none")).Status);
        using var deleted = await http.Client.DeleteAsync("/store/none", Stop);
        Assert.Equal("""{"message":"success removing data","data":{"key":"none","value":null,"deleted":false}}""", await deleted.Content.ReadAsStringAsync(Stop));
    }

    private static async Task<string?> CodeOfAsync(HttpResponseMessage answer) =>
        JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Stop)).RootElement.GetProperty("code").GetString();
}
