using System.Net;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace RaftKv.Embedded.Http.Tests.Routes;

/// <summary>A web page of another site, open in a browser that can reach the app, neither changes nor reads anything.</summary>
public class ForeignPageTests
{
    private const string Store = """{"key":"k","value":1}""";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("application/json", true)]
    [InlineData("application/json; charset=utf-8", true)]
    [InlineData("Application/JSON;charset=\"utf-8\"", true)]
    [InlineData("application/vnd.example+json", true)]
    [InlineData("text/json", true)]
    [InlineData("application/json, text/plain", true)]
    [InlineData("text/plain;charset=json", false)]
    [InlineData("text/plain;a=application/json", false)]
    [InlineData("text/plain;charset=a,application/json", false)]
    [InlineData("text/plain, application/json", false)]
    [InlineData("multipart/form-data; boundary=json", false)]
    [InlineData("application/x-www-form-urlencoded;json", false)]
    [InlineData("application/jsonp", false)]
    [InlineData("json", false)]
    public async Task A_body_is_json_by_its_media_type_alone(string contentType, bool isJson)
    {
        await using var http = await HttpFixture.StartAsync();

        var answer = await http.SendRawAsync(
            "POST /store", $"Content-Type: {contentType}\r\nContent-Length: {Store.Length}\r\n\r\n{Store}");

        Assert.StartsWith(isJson ? "HTTP/1.1 200 " : "HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Equal(isJson, http.Kv.Keys.Any());
    }

    [Theory]
    [InlineData("POST", "/store", Store)]
    [InlineData("DELETE", "/store/k", null)]
    [InlineData("POST", "/raft/join", """{"node_id":"evil","raft_address":"evil.example:1"}""")]
    [InlineData("POST", "/raft/remove", """{"node_id":"node2"}""")]
    [InlineData("PUT", "/v1/kv/k", "x")]
    [InlineData("DELETE", "/v1/kv/k", null)]
    [InlineData("POST", "/v1/cluster/snapshot", null)]
    [InlineData("POST", "/v1/cluster/members", """{"nodeId":"evil","address":"evil.example:1"}""")]
    [InlineData("POST", "/v1/cluster/transfer", "{}")]
    public async Task A_change_from_another_site_is_refused_on_every_route(string method, string path, string? body)
    {
        await using var http = await HttpFixture.StartAsync();
        var content = body is null ? "" : $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n";

        string[] headers = ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Origin: https://evil.example", "Origin: null"];
        foreach (var header in headers)
        {
            var answer = await http.SendRawAsync($"{method} {path}", $"{header}\r\n{content}\r\n{body}");
            Assert.StartsWith("HTTP/1.1 403 ", answer, StringComparison.Ordinal);
            Assert.Contains("\"code\":\"cross_origin\"", answer, StringComparison.Ordinal);
        }

        Assert.Empty(http.Kv.Keys);
        Assert.Empty(http.Kv.MembershipCalls);
    }

    [Theory]
    [InlineData("routes", "https://ui.example", HttpStatusCode.OK)]
    [InlineData("routes", "https://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("app", "https://ui.example", HttpStatusCode.Forbidden)]
    public async Task A_cors_policy_of_the_routes_themselves_opens_them_to_its_origins(string where, string origin, HttpStatusCode status)
    {
        await using var http = await HttpFixture.StartAsync(
            b => b.Services.AddCors(o => o.AddPolicy("ui", p => p.WithOrigins("https://ui.example").AllowAnyHeader().AllowAnyMethod())),
            app =>
            {
                var routes = app.MapRaftKv(o => o.AllowAnonymous = true);
                if (where == "app")
                {
                    app.UseCors("ui");
                    return;
                }
                app.UseCors();
                routes.RequireCors("ui");
            });

        using var answer = await http.SendAsync("PUT", "/v1/kv/k", new StringContent("x"), "Origin", origin);

        Assert.Equal(status, answer.StatusCode);
    }

    [Theory]
    [InlineData("GET /v1/kv/k")]
    [InlineData("GET /v1/kv?prefix=")]
    [InlineData("PUT /v1/kv/k")]
    [InlineData("GET /store/k")]
    [InlineData("DELETE /store/k")]
    [InlineData("GET /v1/cluster")]
    [InlineData("GET /raft/stats")]
    [InlineData("POST /v1/cluster/snapshot")]
    [InlineData("GET /raftkv/events")]
    public async Task A_name_that_was_bent_to_the_loopback_interface_reaches_nothing(string line)
    {
        await using var http = await StartAsync();

        var answer = await http.SendRawAsync(line, host: "evil.example:5000");

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains("\"code\":\"invalid_host\"", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("localhost:5000")]
    [InlineData("LOCALHOST.")]
    [InlineData("app.localhost:80")]
    [InlineData("127.0.0.1:5000")]
    [InlineData("[::1]:5000")]
    [InlineData("192.168.1.7")]
    public async Task Names_that_no_other_site_can_have_are_served(string host)
    {
        await using var http = await HttpFixture.StartAsync();

        Assert.StartsWith("HTTP/1.1 200 ", await http.SendRawAsync("GET /v1/kv?prefix=", host: host), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("probe", "GET /livez", 200)]
    [InlineData("app filters hosts", "GET /v1/kv?prefix=", 200)]
    [InlineData("routes require a host", "GET /v1/kv?prefix=", 200)]
    [InlineData("authentication", "GET /v1/kv?prefix=", 200)]
    [InlineData("authentication", "GET /v1/cluster", 200)]
    public async Task Where_another_check_protects_the_routes_any_host_may_be_named(string protection, string line, int status)
    {
        await using var http = await HttpFixture.StartAsync(b =>
        {
            if (protection == "app filters hosts")
                b.Configuration["AllowedHosts"] = "shop.example";
            b.Services.AddAuthentication("none").AddScheme<AuthenticationSchemeOptions, HeaderAuthentication>("none", null);
            b.Services.AddAuthorizationBuilder().AddPolicy("kv", p => p.RequireUserName("operator"));
        }, app =>
        {
            var routes = app.MapRaftKv(o =>
            {
                if (protection == "authentication")
                    o.AuthorizationPolicy = "kv";
                else
                    o.AllowAnonymous = true;
            });
            if (protection == "routes require a host")
                routes.RequireHost("shop.example");
        });

        var answer = await http.SendRawAsync(line, "X-Name: operator\r\n", host: "shop.example");

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_a_browser_a_page_of_another_origin_changes_nothing()
    {
        Assert.SkipUnless(Chromium.Path is not null, "Chromium is not installed: apt-get install chromium.");
        await using var http = await HttpFixture.StartAsync();
        await using var site = await HttpFixture.StartAsync(app => app.MapGet(
            "/page", () => Results.Content("<!doctype html><title>page</title>", "text/html")));
        await using var page = await Chromium.StartAsync(Stop);
        await page.OpenAsync(site.Client.BaseAddress + "page");

        var target = http.Client.BaseAddress!.ToString().TrimEnd('/');
        await page.EvaluateAsync($$"""
            globalThis.sent = 0;
            const headers = { 'Content-Type': 'text/plain;charset=json' };
            const send = (path, body) =>
                fetch('{{target}}' + path, { method: 'POST', mode: 'no-cors', body, headers }).finally(() => globalThis.sent++);
            send('/store', '{"key":"k","value":1}');
            send('/raft/join', '{"node_id":"evil","raft_address":"127.0.0.1:1"}');
            send('/raft/remove', '{"node_id":"node2"}');
            fetch('{{target}}/v1/cluster/snapshot', { method: 'POST', mode: 'no-cors' }).finally(() => globalThis.sent++);
            """);
        await page.UntilAsync("globalThis.sent === 4");

        Assert.Empty(http.Kv.Keys);
        Assert.Empty(http.Kv.MembershipCalls);
    }

    private static Task<HttpFixture> StartAsync() => HttpFixture.StartAsync(app =>
    {
        app.MapRaftKv(o => o.AllowAnonymous = true);
        app.MapRaftKvDashboard(configure: o => o.AllowAnonymous = true);
    });
}
