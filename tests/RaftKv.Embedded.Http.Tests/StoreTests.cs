using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Xunit;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>
/// The routes <c>/store</c> of the article: any JSON value and any key, bad requests, limits, and the consistency of reads.
/// </summary>
public class StoreTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<string> Values => new(
        "\"bar\"", "null", "true", "0", "12345678901234567890", "1e400", "-0.0", "1.10", "[]", "{}", "\"\"",
        "[ 1,  2 ,\t3 ]", "{ \"b\" : 1, \"a\" : { \"x\" : [ null ] } }", "{\"a\":1,\"a\":2}", "\"\\u0041\\/\\ud83d\\ude00\"", "\"\\ud800\"", "\"grüße 😀\"");

    [Theory]
    [MemberData(nameof(Values))]
    public async Task Any_json_value_comes_back_byte_for_byte(string value)
    {
        await using var http = await HttpFixture.StartAsync();

        var (stored, _) = await http.PostAsync("/store", $"{{\"key\": \"k\", \"value\": {value} }}");
        var (status, body) = await http.GetAsync("/store/k");

        Assert.Equal(HttpStatusCode.OK, stored);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal($"{{\"message\":\"success fetching data\",\"data\":{{\"key\":\"k\",\"value\":{value},\"version\":1}}}}", body);
    }

    [Fact]
    public async Task A_value_may_be_nested_deeper_than_any_stack()
    {
        await using var http = await HttpFixture.StartAsync();
        var value = new string('[', 400) + new string(']', 400);

        await http.PostAsync("/store", $"{{\"key\":\"k\",\"value\":{value}}}");

        Assert.Contains(value, (await http.GetAsync("/store/k")).Body, StringComparison.Ordinal);
    }

    public static TheoryData<string> Keys => new(
        "foo", "a/b", "a%2Fb", "/", "/lead", "trail/", "a//b", " pad ", "!badger!x", "a+b", "a b", "?q=1&x#y", "%", "%41", "\\", "\"", "grüße/😀", "store", "a/../b", "..", ".", "a:b", "\u0000", "line\nbreak");

    [Theory]
    [MemberData(nameof(Keys))]
    public async Task Any_key_is_stored_read_and_deleted_under_its_own_name(string key)
    {
        await using var http = await HttpFixture.StartAsync();

        var (stored, _) = await http.PostAsync("/store", $"{{\"key\":{JsonSerializer.Serialize(key)},\"value\":1}}");
        Assert.Equal(HttpStatusCode.OK, stored);
        Assert.Equal([key], http.Kv.Keys);

        var byQuery = "/store?key=" + Uri.EscapeDataString(key);
        var (status, body) = await http.GetAsync(byQuery);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(key, JsonDocument.Parse(body).RootElement.GetProperty("data").GetProperty("key").GetString());

        using var deleted = await http.Client.DeleteAsync(byQuery, Stop);
        Assert.Contains("\"value\":null,\"deleted\":true", await deleted.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(byQuery)).Status);
    }

    [Theory]
    [InlineData("a/b", "/store/a%2Fb")]
    [InlineData("a/b", "/store/a/b")]
    [InlineData("a%2Fb", "/store/a%252Fb")]
    [InlineData(" pad ", "/store/%20pad%20")]
    [InlineData("!badger!x", "/store/!badger!x")]
    [InlineData("a+b", "/store/a+b")]
    [InlineData("b", "/store/a/../b")]
    [InlineData("b", "/x/../store/b")]
    [InlineData("a/../b", "/store/a%2F..%2Fb")]
    [InlineData("/lead", "/store/%2Flead")]
    [InlineData("/lead", "/store//lead")]
    [InlineData("trail/", "/store/trail/")]
    [InlineData("a//b", "/store/a//b")]
    [InlineData("grüße", "/store/gr%C3%BC%C3%9Fe")]
    [InlineData("foo", "http://localhost/store/foo?consistency=stale")]
    [InlineData("..", "/store?key=..")]
    [InlineData("a b", "/store?x=1&key=a+b")]
    public async Task A_path_names_the_key_that_was_sent(string key, string target)
    {
        await using var http = await HttpFixture.StartAsync();
        await http.PostAsync("/store", $"{{\"key\":{JsonSerializer.Serialize(key)},\"value\":\"here\"}}");

        Assert.Contains("\"value\":\"here\"", await http.SendRawAsync("GET " + target), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_key_is_found_below_a_prefix_and_a_path_base()
    {
        await using var http = await HttpFixture.StartAsync(app =>
        {
            // Routing must see the path without the path base.
            ((IApplicationBuilder)app).UsePathBase("/base").UseRouting();
            app.MapGroup("/api/kv").MapRaftKv(o => o.AllowAnonymous = true);
        });
        await http.PostAsync("/base/api/kv/store", "{\"key\":\"a/b\",\"value\":7}");

        Assert.Contains("\"value\":7", await http.SendRawAsync("GET /base/api/kv/store/a%2Fb"), StringComparison.Ordinal);
        Assert.Contains("\"value\":7", await http.SendRawAsync("GET /api/kv/store/a%2Fb"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/store/%FF", "key")]
    [InlineData("/store/a%ED%A0%80", "key")]
    [InlineData("/store/", "key")]
    [InlineData("/store", "key")]
    [InlineData("/store/a/./%62", "key")]
    [InlineData("/store/b?consistency=eventual", "consistency")]
    public async Task A_bad_address_is_refused_and_named(string target, string field)
    {
        await using var http = await HttpFixture.StartAsync();

        var answer = await http.SendRawAsync("GET " + target);

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains($"\"field\":\"{field}\"", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "body")]
    [InlineData("[]", "body")]
    [InlineData("{", "body")]
    [InlineData("{\"key\":\"k\",\"value\":1}x", "body")]
    [InlineData("{\"key\":\"k\",\"value\":01}", "body")]
    [InlineData("{\"key\":\"k\",\"value\":}", "body")]
    [InlineData("{\"key\":\"k\"}", "value")]
    [InlineData("{\"value\":1}", "key")]
    [InlineData("{\"key\":\"\",\"value\":1}", "key")]
    [InlineData("{\"key\":7,\"value\":1}", "key")]
    [InlineData("{\"key\":null,\"value\":1}", "key")]
    [InlineData("{\"key\":\"\\ud800\",\"value\":1}", "key")]
    [InlineData("{\"key\":\"a\",\"key\":\"b\",\"value\":1}", "key")]
    public async Task A_bad_body_is_refused_the_field_named_and_nothing_stored(string json, string field)
    {
        await using var http = await HttpFixture.StartAsync();

        var (status, body) = await http.PostAsync("/store", json);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(field, JsonDocument.Parse(body).RootElement.GetProperty("field").GetString());
        Assert.Empty(http.Kv.Keys);
    }

    [Fact]
    public async Task Text_that_is_not_utf8_is_refused()
    {
        await using var http = await HttpFixture.StartAsync();
        var content = new ByteArrayContent([.. "{\"key\":\"k\",\"value\":\""u8, 0xFF, .. "\"}"u8]);
        content.Headers.ContentType = new("application/json");

        using var answer = await http.Client.PostAsync("/store", content, Stop);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Empty(http.Kv.Keys);
    }

    [Theory]
    [InlineData("Content-Type: application/json\r\n", 200)]
    [InlineData("Content-Type: application/json\r\nContent-Type: text/plain\r\n", 200)]
    [InlineData("Content-Type: application/x-www-form-urlencoded\r\n", 400)]
    [InlineData("Content-Type: text/plain\r\n", 400)]
    [InlineData("", 400)]
    public async Task The_body_must_say_that_it_is_json(string contentType, int status)
    {
        await using var http = await HttpFixture.StartAsync();
        const string Json = "{\"key\":\"k\",\"value\":1}";

        var answer = await http.SendRawAsync("POST /store", $"{contentType}Content-Length: {Json.Length}\r\n\r\n{Json}");

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_over_the_limit_is_refused_with_and_without_a_length(bool chunked)
    {
        await using var http = await HttpFixture.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/store")
        {
            Content = new StringContent($"{{\"key\":\"k\",\"value\":\"{new string('x', 20_000)}\"}}", Encoding.UTF8, "application/json"),
        };
        request.Headers.TransferEncodingChunked = chunked;

        using var answer = await http.Client.SendAsync(request, Stop);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.Empty(http.Kv.Keys);
    }

    [Theory]
    [InlineData("", KvConsistency.Stale)]
    [InlineData("?consistency=stale", KvConsistency.Stale)]
    [InlineData("?consistency=lease", KvConsistency.LeaderLease)]
    [InlineData("?consistency=linearizable", KvConsistency.Linearizable)]
    public async Task A_read_is_local_unless_more_is_asked_for(string query, KvConsistency expected)
    {
        await using var http = await HttpFixture.StartAsync();

        await http.GetAsync("/store/k" + query);

        Assert.Equal(expected, http.Kv.LastConsistency);
    }

    [Theory]
    [InlineData("plain text")]
    [InlineData("")]
    [InlineData("{} {}")]
    [InlineData("\"\u00ff")]
    public async Task A_value_of_the_app_that_is_not_json_is_not_passed_off_as_json(string value)
    {
        await using var http = await HttpFixture.StartAsync();
        await http.Kv.SetAsync("k", Encoding.UTF8.GetBytes(value), cancellationToken: Stop);

        Assert.Equal(HttpStatusCode.NotAcceptable, (await http.GetAsync("/store/k")).Status);
    }
}
