using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Xunit;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>
/// The page and the routes of the dashboard: access with and without a policy, the content security policy, and the stream of events.
/// </summary>
public partial class DashboardTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_a_policy_it_shows_the_status_and_nothing_else()
    {
        await using var http = await HttpFixture.StartAsync(app => app.MapRaftKvDashboard());

        var (status, page) = await http.GetAsync("/raftkv");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("data-access=\"closed\"", page, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/raftkv/")).Status);
        foreach (var (method, path) in new[] { ("GET", "kv/k"), ("GET", "kv?prefix="), ("PUT", "kv/k"), ("POST", "cluster/members"), ("DELETE", "cluster/members/node2"), ("POST", "cluster/transfer") })
        {
            using var answer = await http.SendAsync(method, "/raftkv/v1/" + path);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Where_the_app_opens_it_keys_and_members_are_below_the_page()
    {
        await using var http = await HttpFixture.StartAsync(app => app.MapGroup("/ops").MapRaftKvDashboard("/raft", o => o.AllowAnonymous = true));

        using var put = await http.SendAsync("PUT", "/ops/raft/v1/kv?key=a%2Fb", new StringContent("x"));
        var (removed, _) = await http.PostAsync("/ops/raft/v1/cluster/transfer", "{}");

        Assert.Contains("data-access=\"open\"", (await http.GetAsync("/ops/raft")).Body, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (put.StatusCode, removed));
        Assert.Equal(["a/b"], http.Kv.Keys);
    }

    [Fact]
    public async Task Opening_it_to_anyone_is_logged_as_a_warning()
    {
        using var log = new Warnings();
        await using var app = HttpFixture.Build(new MemoryKv(), log);

        app.MapRaftKvDashboard(configure: o => o.AllowAnonymous = true);

        Assert.Contains("AllowAnonymous is set", Assert.Single(log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_browser_may_run_the_pages_own_script_and_nothing_else()
    {
        await using var http = await HttpFixture.StartAsync(app => app.MapRaftKvDashboard());

        using var answer = await http.Client.GetAsync("/raftkv", Stop);
        var page = await answer.Content.ReadAsStringAsync(Stop);
        var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));

        Assert.StartsWith("default-src 'none';", policy, StringComparison.Ordinal);
        foreach (Match inline in Inline().Matches(page))
            Assert.Contains("sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(inline.Groups["text"].Value))), policy, StringComparison.Ordinal);
        Assert.Equal(2, Inline().Count(page));
        Assert.DoesNotContain("{{", page, StringComparison.Ordinal);
        Assert.DoesNotContain("src=\"http", page, StringComparison.Ordinal);
        Assert.DoesNotContain("style=\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_stream_tells_a_change_at_once_and_the_figures_every_second()
    {
        await using var http = await HttpFixture.StartAsync(app => app.MapRaftKvDashboard());
        using var answer = await http.Client.GetAsync("/raftkv/events", HttpCompletionOption.ResponseHeadersRead, Stop);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Stop));

        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal(0, (await EventAsync(reader)).GetProperty("term").GetInt32());
        http.Kv.Change(http.Kv.Status with { Term = 7 });
        while ((await EventAsync(reader)).GetProperty("term").GetInt32() != 7)
        {
        }
        http.Kv.Status = http.Kv.Status with { CommitIndex = 9 };
        while ((await EventAsync(reader)).GetProperty("log").GetProperty("commit").GetInt32() != 9)
        {
        }
    }

    [Fact]
    public async Task Streams_end_when_the_host_stops()
    {
        await using var http = await HttpFixture.StartAsync(app => app.MapRaftKvDashboard());
        using var answer = await http.Client.GetAsync("/raftkv/events", HttpCompletionOption.ResponseHeadersRead, Stop);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Stop));
        await EventAsync(reader);

        var stopped = http.StopAsync();

        // Reads to the end of the stream: a stream that the server aborted would throw.
        await reader.ReadToEndAsync(Stop);
        await stopped;
    }

    private static async Task<JsonElement> EventAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync(Stop) is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal))
                return JsonDocument.Parse(line["data: ".Length..]).RootElement;
        }
        throw new EndOfStreamException();
    }

    [GeneratedRegex("<(?<tag>style|script)>(?<text>.*?)</\\k<tag>>", RegexOptions.Singleline)]
    private static partial Regex Inline();
}
