using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Xunit;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>
/// The probes <c>/livez</c> and <c>/readyz</c> and the health checks: they tell a node that must be restarted from one that must not get
/// requests yet.
/// </summary>
public class HealthTests
{
    private static readonly RaftKvStatus Serving = new()
    {
        NodeId = "node1",
        Address = "localhost:1111",
        Role = RaftKvRole.Follower,
        LeaderId = "node2",
        IsReady = true,
    };

    private static readonly RaftKvStall Hang = new()
    {
        Cause = RaftKvStallCause.Fsync, Duration = TimeSpan.FromSeconds(7), At = DateTimeOffset.UnixEpoch,
        Detail = "a write or sync of the log", IsOngoing = true,
    };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<string, bool, string?> States => new()
    {
        { "serving", true, null },
        { "alone", true, null },
        { "no leader", true, "no_leader" },
        { "behind", true, "not_ready" },
        { "joining", true, "joining" },
        { "hangs", true, "stalled" },
        { "unformed", true, "not_formed" },
        { "removed", true, "removed" },
        { "stopped", true, "stopped" },
        { "faulted", false, "faulted" },
    };

    private static RaftKvStatus State(string name) => name switch
    {
        "serving" => Serving,
        "alone" => Serving with { Role = RaftKvRole.Unformed, LeaderId = null },
        "no leader" => Serving with { IsReady = false, LeaderId = null },
        "behind" => Serving with { IsReady = false },
        "joining" => Serving with { IsReady = false, Readiness = RaftKvReadiness.Joining },
        "hangs" => Serving with { IsReady = false, Readiness = RaftKvReadiness.Stalled, Stalls = [Hang] },
        "unformed" => Serving with { IsReady = false, LeaderId = null, Role = RaftKvRole.Unformed },
        "removed" => Serving with { IsReady = false, Role = RaftKvRole.Removed },
        "stopped" => Serving with { IsReady = false, Role = RaftKvRole.Stopped },
        _ => Serving with { IsReady = false, Role = RaftKvRole.Faulted, Fault = "The disk is broken." },
    };

    [Theory]
    [MemberData(nameof(States))]
    public async Task The_probes_tell_a_node_to_restart_from_one_to_wait_for(string state, bool live, string? code)
    {
        await using var http = await HttpFixture.StartAsync();
        http.Kv.Status = State(state);

        using var livez = await http.Client.GetAsync("/livez", Stop);
        using var readyz = await http.Client.GetAsync("/readyz", Stop);

        Assert.Equal(live ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable, livez.StatusCode);
        if (code is null)
            Assert.Equal("""{"status":"ready"}""", await readyz.Content.ReadAsStringAsync(Stop));
        else
            await KvTests.ProblemAsync(readyz, HttpStatusCode.ServiceUnavailable, code);
    }

    [Theory]
    [MemberData(nameof(States))]
    public async Task The_health_checks_say_the_same_and_why(string state, bool live, string? code)
    {
        var kv = new MemoryKv { Status = State(state) };
        var services = new ServiceCollection().AddLogging().AddSingleton<IRaftKvCluster>(kv);
        services.AddHealthChecks().AddRaftKv();
        await using var provider = services.BuildServiceProvider();

        var report = await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync(Stop);

        Assert.Equal(live ? HealthStatus.Healthy : HealthStatus.Unhealthy, report.Entries["raftkv-live"].Status);
        Assert.Equal(code is null ? HealthStatus.Healthy : HealthStatus.Unhealthy, report.Entries["raftkv-ready"].Status);
        Assert.NotEqual("", report.Entries["raftkv-ready"].Description);
        Assert.Contains("live", report.Entries["raftkv-live"].Tags);
        Assert.Contains("ready", report.Entries["raftkv-ready"].Tags);
        if (state == "faulted")
            Assert.Contains("The disk is broken.", report.Entries["raftkv-live"].Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stall_that_goes_on_degrades_the_health_before_it_ends_the_readiness()
    {
        var kv = new MemoryKv { Status = Serving with { Stalls = [Hang with { Duration = TimeSpan.FromSeconds(2) }] } };
        var services = new ServiceCollection().AddLogging().AddSingleton<IRaftKvCluster>(kv);
        services.AddHealthChecks().AddRaftKv();
        await using var provider = services.BuildServiceProvider();

        var report = await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync(Stop);

        Assert.Equal(HealthStatus.Healthy, report.Entries["raftkv-live"].Status);
        Assert.Equal(HealthStatus.Degraded, report.Entries["raftkv-ready"].Status);
        Assert.Contains("2.0 s so far", report.Entries["raftkv-ready"].Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_status_tells_the_stalls()
    {
        await using var http = await HttpFixture.StartAsync();
        http.Kv.Status = Serving with { Stalls = [Hang] };

        var (_, body) = await http.GetAsync("/v1/cluster");

        Assert.Contains("\"stalls\":[{\"cause\":\"fsync\",\"durationMs\":7000,\"at\":\"1970-01-01T00:00:00+00:00\",\"ongoing\":true,", body, StringComparison.Ordinal);
    }
}
