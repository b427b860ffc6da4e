using Xunit;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>What the page shows for states of a cluster that are hard to produce with real replicas.</summary>
public class DashboardStateTests
{
    private static readonly RaftKvStatus Healthy = new()
    {
        NodeId = "node1",
        Address = "127.0.0.1:1111",
        Role = RaftKvRole.Leader,
        IsReady = true,
        Readiness = RaftKvReadiness.Ready,
        Term = 3,
        LeaderId = "node1",
        FirstIndex = 1,
        LastIndex = 5_000,
        CommitIndex = 5_000,
        AppliedIndex = 5_000,
        DurableIndex = 5_000,
        FreeDiskBytes = 3L * 1024 * 1024 * 1024,
        WatchCount = 7,
        Members =
        [
            Member(1, TimeSpan.Zero, 5_000) with { IsLeader = true },
            Member(2, TimeSpan.FromMilliseconds(20), 5_000),
            Member(3, TimeSpan.FromMilliseconds(20), 2_000),
        ],
    };

    private static readonly RaftKvStall Hang = new()
    {
        Cause = RaftKvStallCause.Fsync, Duration = TimeSpan.FromSeconds(4), At = DateTimeOffset.UtcNow, Detail = "a sync of the log hangs",
        IsOngoing = true,
    };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static void SkipWithoutChromium() => Assert.SkipUnless(Chromium.Path is not null, "Chromium is not installed: apt-get install chromium.");

    [Fact]
    public async Task A_lag_bar_is_empty_without_lag_and_a_member_far_behind_is_lagging()
    {
        SkipWithoutChromium();
        await using var http = await HttpFixture.StartAsync(app => app.MapRaftKvDashboard());
        http.Kv.Status = Healthy;
        await using var page = await Chromium.StartAsync(Stop);

        await page.OpenAsync(http.Client.BaseAddress + "raftkv");

        await page.UntilAsync("document.querySelectorAll('#members tr').length === 3");
        Assert.Equal(0, (await page.EvaluateAsync("Number(document.querySelectorAll('#members .lag rect')[1].getAttribute('width'))")).GetInt32());
        Assert.Equal(100, (await page.EvaluateAsync("Number(document.querySelectorAll('#members .lag rect')[2].getAttribute('width'))")).GetInt32());
        await page.UntilAsync("document.querySelector('#members tr[data-node=node3] .state').textContent === 'lagging'");
    }

    [Fact]
    public async Task The_panel_of_the_node_shows_version_durability_disk_memory_watches_and_stalls()
    {
        SkipWithoutChromium();
        await using var http = await HttpFixture.StartAsync(app => app.MapRaftKvDashboard());
        http.Kv.Status = Healthy with { Stalls = [Hang] };
        await using var page = await Chromium.StartAsync(Stop);

        await page.OpenAsync(http.Client.BaseAddress + "raftkv");

        await page.UntilAsync("$('own').textContent.includes('3.0 GiB') && $('stalls').textContent.includes('a sync of the log hangs')");
        var panel = (await page.EvaluateAsync("$('own').textContent")).GetString()!;
        foreach (var shown in new[] { "Version", "Durability", "fsync", "Free disk", "Memory", "Watches7" })
            Assert.Contains(shown, panel, StringComparison.Ordinal);
        http.Kv.Status = Healthy with { Stalls = [Hang], Durability = RaftKvDurability.Memory };
        await page.UntilAsync("$('own').textContent.includes('memory: a restart loses this copy')");
        Assert.Contains("4 s", (await page.EvaluateAsync("$('stalls').textContent")).GetString()!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_error_stays_until_it_is_closed()
    {
        SkipWithoutChromium();
        await using var http = await HttpFixture.StartAsync(app => app.MapRaftKvDashboard(configure: o => o.AllowAnonymous = true));
        http.Kv.Status = Healthy;
        await using var page = await Chromium.StartAsync(Stop);
        await page.OpenAsync(http.Client.BaseAddress + "raftkv");
        await page.UntilAsync("$('live').textContent === 'live' && !$('snapshot').disabled");
        http.Kv.Failure = new RaftKvUnavailableException(RaftKvUnavailableReason.NoLeader, "No leader for this test.");

        await page.EvaluateAsync("$('snapshot').click()");
        await page.UntilAsync("$('errors').textContent.includes('No leader for this test.')");
        http.Kv.Failure = null;
        await page.EvaluateAsync("$('snapshot').click()");
        await page.UntilAsync("$('toast').textContent.includes('written')");

        Assert.Contains("No leader for this test.", (await page.EvaluateAsync("$('errors').textContent")).GetString()!, StringComparison.Ordinal);
        await page.EvaluateAsync("document.querySelector('#errors button').click()");
        await page.UntilAsync("$('errors').children.length === 0");
    }

    [Fact]
    public async Task Members_lead_to_their_dashboards_and_a_callback_that_throws_costs_only_its_link()
    {
        SkipWithoutChromium();
        await using var http = await HttpFixture.StartAsync(app => app.MapRaftKvDashboard(configure: o => o.AddressOf = m => m.NodeId switch
        {
            "node2" => new Uri("https://two.example/raftkv"),
            "node3" => throw new InvalidOperationException("Not known."),
            _ => new Uri("javascript:alert(1)"),
        }));
        http.Kv.Status = Healthy with { NodeId = "node4", Members = [.. Healthy.Members, Member(4, TimeSpan.Zero, null)] };
        await using var page = await Chromium.StartAsync(Stop);

        await page.OpenAsync(http.Client.BaseAddress + "raftkv");
        await page.UntilAsync("document.querySelectorAll('#members tr').length === 4");

        Assert.Equal("https://two.example/raftkv", (await page.EvaluateAsync("[...document.querySelectorAll('#members a')].map(a => a.href).join()")).GetString());
        Assert.Empty(page.Errors);
    }

    private static RaftKvMemberStatus Member(int number, TimeSpan lastContact, long? matchIndex) => new()
    {
        NodeId = $"node{number}", Address = $"127.0.0.1:111{number}", LastContact = lastContact, MatchIndex = matchIndex, IsReachable = true,
    };
}
