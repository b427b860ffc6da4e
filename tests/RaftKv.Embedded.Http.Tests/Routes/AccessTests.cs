using System.Net;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace RaftKv.Embedded.Http.Tests.Routes;

/// <summary>
/// Authorization of the routes: a policy for each group of them, fallback policies, anonymous access, and routes that are closed by
/// default.
/// </summary>
public class AccessTests
{
    private static readonly string[] Reads =
        ["GET /v1/kv/k", "GET /v1/kv?prefix=", "GET /store/k", "GET /v1/watch?prefix=", "GET /v1/locks", "GET /v1/leases"];
    private static readonly string[] Writes = ["PUT /v1/kv/k", "DELETE /v1/kv/k", "POST /store", "DELETE /store/k"];
    private static readonly string[] Changes =
    [
        "POST /raft/join", "POST /raft/remove", "POST /v1/cluster/members", "POST /v1/cluster/members/node3/promote",
        "POST /v1/cluster/members/node3/replace", "DELETE /v1/cluster/members/node3",
        "POST /v1/cluster/transfer", "POST /v1/cluster/snapshot", "GET /v1/cluster/backup",
    ];
    private static readonly string[] StatusRoutes = ["GET /v1/cluster", "GET /raft/stats", "GET /debug/runtime"];
    private static readonly string[] Probes = ["GET /livez", "HEAD /livez", "GET /readyz"];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task MapRaftKv_is_the_sum_of_its_parts()
    {
        await using var whole = HttpFixture.Build(new MemoryKv());
        await using var parts = HttpFixture.Build(new MemoryKv());

        whole.MapRaftKv(o => o.AllowAnonymous = true);
        parts.MapRaftKvKeys(o => o.AllowAnonymous = true);
        parts.MapRaftKvCluster(o => o.AllowAnonymous = true);
        parts.MapRaftKvProbes();
        parts.MapRaftKvArticle(o => o.AllowAnonymous = true);

        Assert.NotEmpty(Routes(whole));
        Assert.Equal(Routes(whole), Routes(parts));
    }

    [Fact]
    public async Task Each_policy_guards_its_own_routes()
    {
        await using var http = await StartAsync(app => app.MapRaftKv(o =>
            (o.ReadPolicy, o.WritePolicy, o.AdminPolicy, o.StatusPolicy) = ("reader", "writer", "admin", "monitor")));

        foreach (var (name, own) in new[] { ("reader", Reads), ("writer", Writes), ("admin", Changes), ("monitor", StatusRoutes) })
        {
            foreach (var line in Reads.Concat(Writes).Concat(Changes).Concat(StatusRoutes))
            {
                var status = await StatusAsync(http, line, name);
                Assert.True(own.Contains(line) == (status != HttpStatusCode.Forbidden), $"{name} was answered {status} to {line}");
                Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(http, line));
            }
        }
    }

    [Fact]
    public async Task One_policy_is_that_of_all_routes_without_a_more_specific_one_and_the_status_is_open()
    {
        await using var http = await StartAsync(app => app.MapRaftKv(o => (o.AuthorizationPolicy, o.ReadPolicy) = ("admin", "reader")));

        foreach (var line in Writes.Concat(Changes))
        {
            Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(http, line, "reader"));
            Assert.NotEqual(HttpStatusCode.Forbidden, await StatusAsync(http, line, "admin"));
        }
        foreach (var line in Reads)
            Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(http, line, "admin"));
        foreach (var line in StatusRoutes.Concat(Probes))
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(http, line));
    }

    [Fact]
    public async Task Anonymous_reads_can_go_with_a_policy_for_writes()
    {
        await using var http = await StartAsync(app => app.MapRaftKv(o =>
            (o.AllowAnonymous, o.WritePolicy, o.AdminPolicy) = (true, "writer", "admin")));

        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(http, "GET /v1/kv/k"));
        foreach (var line in Writes.Concat(Changes))
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(http, line));
    }

    [Theory]
    [InlineData("chained")]
    [InlineData("around")]
    public async Task A_policy_on_the_group_closes_all_of_it_but_the_probes(string where)
    {
        await using var http = await StartAsync(app =>
        {
            if (where == "chained")
                app.MapRaftKv().RequireAuthorization("admin");
            else
                app.MapGroup("").RequireAuthorization("admin").MapRaftKv();
        });

        foreach (var line in Reads.Concat(Writes).Concat(Changes).Concat(StatusRoutes))
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(http, line));
            Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(http, line, "reader"));
            Assert.NotEqual(HttpStatusCode.Forbidden, await StatusAsync(http, line, "admin"));
        }
        foreach (var line in Probes)
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(http, line));
    }

    [Fact]
    public async Task A_fallback_policy_closes_all_but_the_probes_also_where_anonymous_access_is_allowed()
    {
        await using var http = await StartAsync(app => app.MapRaftKv(o => o.AllowAnonymous = true), fallback: true);

        foreach (var line in Reads.Concat(Writes).Concat(Changes).Concat(StatusRoutes))
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(http, line));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(http, "GET /v1/kv/k", "anyone"));
        foreach (var line in Probes)
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(http, line));
    }

    [Fact]
    public async Task Where_people_log_in_on_a_page_a_program_is_told_401_and_a_browser_is_sent_there()
    {
        await using var http = await HttpFixture.StartAsync(b =>
        {
            b.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme).AddCookie(o => o.LoginPath = "/log-in");
            b.Services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
        }, app =>
        {
            app.MapRaftKv().RequireAuthorization();
            app.MapRaftKvDashboard("/raftkv", o => o.AllowAnonymous = true);
            app.MapGet("/log-in", () => "Who are you?").AllowAnonymous();
        });

        foreach (var line in (string[])[.. Reads, .. Writes, .. Changes, .. StatusRoutes, "GET /raftkv/events", "PUT /raftkv/v1/kv/k"])
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(http, line));
        Assert.Equal("Who are you?", (await http.GetAsync("/raftkv")).Body);
    }

    [Fact]
    public async Task What_nothing_opens_is_closed_says_so_and_is_logged()
    {
        using var log = new Warnings();
        await using var http = await StartAsync(app => app.MapRaftKv(), log: log);

        foreach (var line in Reads.Concat(Writes).Concat(Changes))
        {
            using var answer = await http.SendAsync(line.Split(' ')[0], line.Split(' ')[1], header: "X-Name", value: "admin");
            var problem = await KvTests.ProblemAsync(answer, HttpStatusCode.Forbidden, "closed");
            Assert.Contains("RequireAuthorization", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }

        foreach (var line in StatusRoutes.Concat(Probes))
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(http, line));
        Assert.Contains("AllowAnonymous", Assert.Single(log.Lines, line => line.Contains("are closed", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Opening_them_twice_is_logged_once()
    {
        using var log = new Warnings();
        await using var app = HttpFixture.Build(new MemoryKv(), log);

        app.MapRaftKv(o => o.AllowAnonymous = true);
        app.MapRaftKvDashboard(configure: o => o.AllowAnonymous = true);

        Assert.Contains("AllowAnonymous is set", Assert.Single(log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_probes_run_before_a_middleware_that_waits_and_below_policies_that_routing_would_refuse()
    {
        var waits = new TaskCompletionSource();
        await using var http = await StartAsync(app =>
        {
            ((IApplicationBuilder)app).UseRouting();
            app.Use(async (context, next) =>
            {
                await waits.Task;
                await next(context);
            });
            app.UseCors().UseAuthentication().UseAuthorization();
            app.MapRaftKv(o => o.AuthorizationPolicy = "admin").RequireCors("ui").RequireAuthorization("admin");
        });

        foreach (var line in Probes)
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(http, line));
        waits.SetResult();
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(http, "GET /v1/cluster"));
    }

    private static Task<HttpFixture> StartAsync(
        Action<WebApplication> map, bool fallback = false, Warnings? log = null) => HttpFixture.StartAsync(b =>
    {
        b.Services.AddCors(o => o.AddPolicy("ui", p => p.WithOrigins("https://ui.example")));
        b.Services.AddAuthentication("none").AddScheme<AuthenticationSchemeOptions, HeaderAuthentication>("none", null);
        var policies = b.Services.AddAuthorizationBuilder();
        foreach (var name in new[] { "reader", "writer", "admin", "monitor" })
            policies.AddPolicy(name, p => p.RequireUserName(name));
        if (fallback)
            policies.SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
    }, map, log);

    private static async Task<HttpStatusCode> StatusAsync(HttpFixture http, string line, string? name = null)
    {
        http.Kv.Status = http.Kv.Status with { Role = RaftKvRole.Leader, IsReady = true };
        http.Kv.Backup ??= (body, stop) => body.WriteAsync("x"u8.ToArray(), stop).AsTask();
        using var request = new HttpRequestMessage(new HttpMethod(line.Split(' ')[0]), line.Split(' ')[1]);
        if (name is not null)
            request.Headers.Add("X-Name", name);
        using var answer = await http.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Stop);
        return answer.StatusCode;
    }

    private static List<string> Routes(WebApplication app) =>
        [.. ((IEndpointRouteBuilder)app).DataSources.SelectMany(d => d.Endpoints).OfType<RouteEndpoint>()
            .Select(e => $"{string.Join(',', e.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods)} {e.RoutePattern.RawText}")
            .Order(StringComparer.Ordinal)];
}
