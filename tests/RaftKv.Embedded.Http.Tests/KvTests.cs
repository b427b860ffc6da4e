using System.Net;
using System.Text;
using System.Text.Json;
using Xunit;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>The routes <c>/v1/kv</c>: values of any bytes, conditions, the consistency of reads, listings, headers and failures.</summary>
public class KvTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(256)]
    [InlineData(1024)]
    public async Task Any_bytes_come_back_with_their_version(int size)
    {
        await using var http = await HttpFixture.StartAsync();
        var value = Enumerable.Range(0, size).Select(i => (byte)i).ToArray();

        using var put = await http.SendAsync("PUT", "/v1/kv/a%2Fb", new ByteArrayContent(value));
        using var got = await http.Client.GetAsync("/v1/kv/a/b", Stop);
        using var head = await http.SendAsync("HEAD", "/v1/kv/a/b");

        Assert.Equal("""{"key":"a/b","version":1}""", await put.Content.ReadAsStringAsync(Stop));
        Assert.Equal(value, await got.Content.ReadAsByteArrayAsync(Stop));
        Assert.Equal("application/octet-stream", got.Content.Headers.ContentType?.ToString());
        Assert.All([put, got, head], answer => Assert.Equal(("\"1\"", HttpStatusCode.OK), (answer.Headers.ETag?.Tag, answer.StatusCode)));
        Assert.Equal(size, head.Content.Headers.ContentLength);
    }

    [Theory]
    [MemberData(nameof(StoreTests.Keys), MemberType = typeof(StoreTests))]
    public async Task Any_key_is_named_by_the_parameter(string key)
    {
        await using var http = await HttpFixture.StartAsync();
        var path = "/v1/kv?key=" + Uri.EscapeDataString(key);

        using var put = await http.SendAsync("PUT", path, new StringContent("here"));

        Assert.Equal([key], http.Kv.Keys);
        Assert.Equal((HttpStatusCode.OK, "here"), await http.GetAsync(path));
        using var deleted = await http.SendAsync("DELETE", path);
        Assert.Contains("\"deleted\":true", await deleted.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
        Assert.Empty(http.Kv.Keys);
    }

    [Fact]
    public async Task A_write_depends_on_the_version_that_was_read()
    {
        await using var http = await HttpFixture.StartAsync();
        await http.Kv.SetAsync("k", "one"u8.ToArray(), cancellationToken: Stop);

        using var second = await http.SendAsync("PUT", "/v1/kv/k", new StringContent("two"), "If-Match", "\"1\"");
        using var late = await http.SendAsync("PUT", "/v1/kv/k", new StringContent("late"), "If-Match", "\"1\"");
        using var lateDelete = await http.SendAsync("DELETE", "/v1/kv/k", header: "If-Match", value: "\"1\"");
        using var delete = await http.SendAsync("DELETE", "/v1/kv/k", header: "If-Match", value: "\"2\"");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (second.StatusCode, delete.StatusCode));
        foreach (var answer in new[] { late, lateDelete })
        {
            var problem = await ProblemAsync(answer, HttpStatusCode.PreconditionFailed, "precondition_failed");
            Assert.Equal(2, problem.GetProperty("currentVersion").GetInt64());
            Assert.Equal("\"2\"", answer.Headers.ETag?.Tag);
        }
    }

    [Fact]
    public async Task A_write_can_ask_that_the_key_exists_or_that_it_does_not()
    {
        await using var http = await HttpFixture.StartAsync();

        using var update = await http.SendAsync("PUT", "/v1/kv/k", new StringContent("x"), "If-Match", "*");
        using var create = await http.SendAsync("PUT", "/v1/kv/k", new StringContent("x"), "If-None-Match", "*");
        using var again = await http.SendAsync("PUT", "/v1/kv/k", new StringContent("x"), "If-None-Match", "*");
        using var delete = await http.SendAsync("DELETE", "/v1/kv/none", header: "If-Match", value: "*");

        Assert.Equal(HttpStatusCode.Created, create.StatusCode);
        foreach (var answer in new[] { update, again, delete })
            await ProblemAsync(answer, HttpStatusCode.PreconditionFailed, "precondition_failed");
        Assert.Null(update.Headers.ETag);
    }

    [Theory]
    [InlineData("PUT", "If-Match", "12")]
    [InlineData("PUT", "If-None-Match", "\"1\"")]
    [InlineData("DELETE", "If-None-Match", "*")]
    public async Task A_condition_that_cannot_be_meant_is_refused_rather_than_ignored(string method, string header, string value)
    {
        await using var http = await HttpFixture.StartAsync();

        using var answer = await http.SendAsync(method, "/v1/kv/k", header: header, value: value);

        var problem = await ProblemAsync(answer, HttpStatusCode.BadRequest, "invalid_" + header.Replace('-', '_').ToLowerInvariant());
        Assert.Equal(header, problem.GetProperty("field").GetString());
        Assert.Empty(http.Kv.Keys);
    }

    [Theory]
    [InlineData("\"1\"", HttpStatusCode.NotModified)]
    [InlineData("W/\"1\"", HttpStatusCode.NotModified)]
    [InlineData("\"7\", \"1\"", HttpStatusCode.NotModified)]
    [InlineData("*", HttpStatusCode.NotModified)]
    [InlineData("\"2\"", HttpStatusCode.OK)]
    public async Task A_version_that_the_client_has_is_not_sent_again(string known, HttpStatusCode expected)
    {
        await using var http = await HttpFixture.StartAsync();
        await http.Kv.SetAsync("k", "x"u8.ToArray(), cancellationToken: Stop);

        using var answer = await http.SendAsync("GET", "/v1/kv/k", header: "If-None-Match", value: known);

        Assert.Equal(expected, answer.StatusCode);
        Assert.Equal("\"1\"", answer.Headers.ETag?.Tag);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_value_over_the_limit_is_refused_with_and_without_a_length(bool chunked)
    {
        await using var http = await HttpFixture.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Put, "/v1/kv/k") { Content = new ByteArrayContent(new byte[1025]) };
        request.Headers.TransferEncodingChunked = chunked;

        using var answer = await http.Client.SendAsync(request, Stop);

        await ProblemAsync(answer, HttpStatusCode.RequestEntityTooLarge, "request_too_large");
        Assert.Empty(http.Kv.Keys);
    }

    [Theory]
    [InlineData("", KvConsistency.Linearizable)]
    [InlineData("consistency=linearizable", KvConsistency.Linearizable)]
    [InlineData("consistency=lease", KvConsistency.LeaderLease)]
    [InlineData("consistency=stale", KvConsistency.Stale)]
    [InlineData("stale", KvConsistency.Stale)]
    [InlineData("consistent", KvConsistency.Linearizable)]
    [InlineData("level=none", KvConsistency.Stale)]
    [InlineData("level=strong", KvConsistency.Linearizable)]
    [InlineData("stale&level=none&consistency=stale", KvConsistency.Stale)]
    public async Task Reads_and_listings_are_as_fresh_as_asked_for(string query, KvConsistency expected)
    {
        await using var http = await HttpFixture.StartAsync();
        foreach (var path in new[] { "/v1/kv/k?", "/v1/kv?prefix=&" })
        {
            await http.GetAsync(path + query);
            Assert.Equal(expected, http.Kv.LastConsistency);
        }
    }

    [Theory]
    [InlineData("/v1/kv/k?consistency=eventual", "consistency")]
    [InlineData("/v1/kv/k?level=weak", "level")]
    [InlineData("/v1/kv/k?stale&consistent", "consistency")]
    [InlineData("/v1/kv/k?minVersion=-1", "minVersion")]
    [InlineData("/v1/kv/k?prefix=a", "prefix")]
    [InlineData("/v1/kv", "key")]
    [InlineData("/v1/kv/", "key")]
    [InlineData("/v1/kv/%FF", "key")]
    [InlineData("/v1/kv?prefix=&limit=0", "limit")]
    [InlineData("/v1/kv?prefix=&limit=1001", "limit")]
    [InlineData("/v1/kv?prefix=&keysOnly=maybe", "keysOnly")]
    public async Task A_bad_request_is_refused_and_the_field_named(string target, string field)
    {
        await using var http = await HttpFixture.StartAsync();

        var answer = await http.SendRawAsync("GET " + target);

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains("application/problem+json", answer, StringComparison.Ordinal);
        Assert.Contains($"\"field\":\"{field}\"", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_read_can_wait_for_a_write_that_another_node_answered()
    {
        await using var http = await HttpFixture.StartAsync();

        await http.GetAsync("/v1/kv/k?stale&minVersion=17");

        Assert.Equal(new KvVersion(17), http.Kv.LastMinVersion);
    }

    [Fact]
    public async Task A_listing_goes_through_all_keys_page_by_page()
    {
        await using var http = await HttpFixture.StartAsync();
        string[] keys = ["a/1", "a/2", "a/3", "a/4", "a/\u0000\"ü", "b"];
        foreach (var key in keys)
            await http.Kv.SetAsync(key, Encoding.UTF8.GetBytes(key), cancellationToken: Stop);

        var seen = new List<string>();
        string? after = null;
        do
        {
            var page = JsonDocument.Parse((await http.GetAsync($"/v1/kv?prefix=a/&limit=2&after={Uri.EscapeDataString(after ?? "")}")).Body).RootElement;
            foreach (var entry in page.GetProperty("entries").EnumerateArray())
            {
                var key = entry.GetProperty("key").GetString()!;
                seen.Add(key);
                Assert.Equal(key, Encoding.UTF8.GetString(entry.GetProperty("value").GetBytesFromBase64()));
                Assert.Equal(Array.IndexOf(keys, key) + 1, entry.GetProperty("version").GetInt64());
            }
            after = page.TryGetProperty("next", out var next) ? next.GetString() : null;
        }
        while (after is not null);

        Assert.Equal(keys.Take(5).Order(StringComparer.Ordinal), seen);
        Assert.Equal("""{"entries":[{"key":"b"}]}""", (await http.GetAsync("/v1/kv?prefix=b&keysOnly=true")).Body);
        Assert.Equal("""{"entries":[]}""", (await http.GetAsync("/v1/kv?prefix=none")).Body);
    }

    [Fact]
    public async Task A_page_of_large_values_ends_early_and_goes_on_where_it_ended()
    {
        await using var http = await HttpFixture.StartAsync();
        for (var i = 0; i < 6; i++)
            await http.Kv.SetAsync($"k{i}", new byte[1024 * 1024], cancellationToken: Stop);

        var page = JsonDocument.Parse((await http.GetAsync("/v1/kv?prefix=")).Body).RootElement;

        Assert.Equal(4, page.GetProperty("entries").GetArrayLength());
        Assert.Equal("k3", page.GetProperty("next").GetString());
    }

    [Fact]
    public async Task Every_answer_says_how_far_the_node_is_and_whether_it_knows_a_leader()
    {
        await using var http = await HttpFixture.StartAsync();
        http.Kv.Status = http.Kv.Status with { AppliedIndex = 41, LeaderId = "node2", LastContact = TimeSpan.FromMilliseconds(12.7) };

        using var listing = await http.Client.GetAsync("/v1/kv?prefix=", Stop);
        using var refused = await http.Client.GetAsync("/v1/kv?prefix=&limit=x", Stop);
        http.Kv.Status = http.Kv.Status with { LeaderId = null, LastContact = null };
        using var put = await http.SendAsync("PUT", "/v1/kv/k", new StringContent("x"));

        Assert.Equal(["41", "true", "12"], Headers(listing));
        Assert.Equal(["41", "true", "12"], Headers(refused));
        Assert.Equal(["1", "false", "never"], Headers(put));
    }

    [Theory]
    [MemberData(nameof(ErrorTests.Table), MemberType = typeof(ErrorTests))]
    public async Task Every_failure_has_its_status_and_code(string name, int status, string code, bool retry)
    {
        await using var http = await HttpFixture.StartAsync();
        http.Kv.Failure = ErrorTests.Failures[name].Failure;

        foreach (var path in new[] { "/v1/kv/k", "/v1/kv?prefix=" })
        {
            using var answer = await http.Client.GetAsync(path, Stop);

            var problem = await ProblemAsync(answer, (HttpStatusCode)status, code);
            Assert.Equal(http.Kv.Failure.Message, problem.GetProperty("detail").GetString());
            Assert.Equal(retry, answer.Headers.RetryAfter is not null);
        }
    }

    [Fact]
    public async Task A_missing_key_is_404()
    {
        await using var http = await HttpFixture.StartAsync();

        using var answer = await http.Client.GetAsync("/v1/kv/none", Stop);

        await ProblemAsync(answer, HttpStatusCode.NotFound, "key_not_found");
    }

    internal static async Task<JsonElement> ProblemAsync(HttpResponseMessage answer, HttpStatusCode status, string code)
    {
        Assert.Equal(status, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Stop)).RootElement;
        Assert.Equal(code, problem.GetProperty("code").GetString());
        Assert.Equal((int)status, problem.GetProperty("status").GetInt32());
        return problem;
    }

    private static string[] Headers(HttpResponseMessage answer) =>
        [.. new[] { "X-RaftKv-Version", "X-RaftKv-Known-Leader", "X-RaftKv-Last-Contact" }.Select(name => Assert.Single(answer.Headers.GetValues(name)))];
}
