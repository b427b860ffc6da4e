using System.Net;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>
/// The rights of a user of the dashboard: what its routes grant, what <c>/rights</c> tells, and which controls the page shows.
/// </summary>
public class DashboardRightsTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_user_is_told_the_rights_that_the_routes_grant()
    {
        await using var http = await StartAsync(o => (o.ReadPolicy, o.WritePolicy, o.AdminPolicy) = ("reader", "writer", "admin"));

        Assert.StartsWith("""{"read":false,"write":false,"admin":false,""", await RightsAsync(http, null), StringComparison.Ordinal);
        Assert.StartsWith("""{"read":true,"write":false,"admin":false,""", await RightsAsync(http, "reader"), StringComparison.Ordinal);
        Assert.StartsWith("""{"read":false,"write":true,"admin":false,""", await RightsAsync(http, "writer"), StringComparison.Ordinal);
        Assert.StartsWith("""{"read":false,"write":false,"admin":true,""", await RightsAsync(http, "admin"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dashboard_with_a_policy_for_reads_alone_is_read_only()
    {
        await using var http = await StartAsync(o => o.ReadPolicy = "reader");

        Assert.StartsWith("""{"read":true,"write":false,"admin":false,""", await RightsAsync(http, "reader"), StringComparison.Ordinal);
        foreach (var (method, path) in new[] { ("PUT", "kv?key=k"), ("DELETE", "prefix?prefix=k&count=1"), ("POST", "cluster/snapshot"), ("GET", "cluster/backup") })
        {
            using var answer = await http.SendAsync(method, "/raftkv/v1/" + path, header: "X-Name", value: "reader");
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        }
        await using var open = await StartAsync(o => o.AllowAnonymous = true);
        Assert.StartsWith("""{"read":true,"write":true,"admin":true,""", await RightsAsync(open, null), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_read_only_page_offers_no_change()
    {
        Assert.SkipUnless(Chromium.Path is not null, "Chromium is not installed: apt-get install chromium.");
        await using var http = await StartAsync(o => o.ReadPolicy = "anyone");
        await http.Kv.SetAsync("a/b", "text"u8.ToArray(), cancellationToken: Stop);
        http.Kv.Status = http.Kv.Status with
        {
            LeaderId = "node1", Role = RaftKvRole.Leader,
            Members = [new() { NodeId = "node1", Address = "127.0.0.1:1111", IsLeader = true, MatchIndex = 1, IsReachable = true }],
        };
        await using var page = await Chromium.StartAsync(Stop);

        await page.OpenAsync(http.Client.BaseAddress + "raftkv");
        await page.UntilAsync("document.querySelector('#keys .group')");
        await page.EvaluateAsync("document.querySelector('#keys .group').click()");
        await page.UntilAsync("document.querySelector('#keys button[title=\"a/b\"]')");
        await page.EvaluateAsync("document.querySelector('#keys button[title=\"a/b\"]').click()");
        await page.UntilAsync("$('entry-value').value === 'text'");

        Assert.Equal("", (await page.EvaluateAsync(
            "['key-new', 'erase-below', 'entry-save', 'entry-delete', 'add-open', 'snapshot', 'backup'].filter(id => $(id).checkVisibility()).join()")).GetString());
        Assert.True((await page.EvaluateAsync("$('entry-value').readOnly")).GetBoolean());
    }

    private static Task<HttpFixture> StartAsync(Action<RaftKvDashboardOptions> configure) => HttpFixture.StartAsync(b =>
    {
        b.Services.AddAuthentication("none").AddScheme<AuthenticationSchemeOptions, HeaderAuthentication>("none", null);
        var policies = b.Services.AddAuthorizationBuilder();
        foreach (var name in new[] { "reader", "writer", "admin" })
            policies.AddPolicy(name, p => p.RequireUserName(name));
        policies.AddPolicy("anyone", p => p.RequireAssertion(_ => true));
    }, app => app.MapRaftKvDashboard(configure: configure));

    private static async Task<string> RightsAsync(HttpFixture http, string? name)
    {
        using var answer = name is null ? await http.SendAsync("GET", "/raftkv/rights") : await http.SendAsync("GET", "/raftkv/rights", header: "X-Name", value: name);
        return await answer.Content.ReadAsStringAsync(Stop);
    }
}
