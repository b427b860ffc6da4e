using System.Globalization;
using System.Net;
using System.Text.Json;
using Xunit;

namespace RaftKv.Embedded.Http.Tests.Routes;

/// <summary>Lifetimes of keys over HTTP: by ttl, sliding, expiresAt and keepLifetime; their end, and the refusal of wrong ones.</summary>
public class LifetimeTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_lives_as_long_as_its_write_says_and_answers_tell_until_when()
    {
        await using var node = await WebNode.StartAsync("node1", Stop);
        using var http = new HttpClient { BaseAddress = new Uri(node.Url) };
        var end = DateTimeOffset.UtcNow.AddDays(2);

        var byTtl = await PutAsync(http, "/v1/kv/a/ttl?ttl=3600");
        var byHeader = await PutAsync(http, "/v1/kv/a/header", "X-RaftKv-Ttl", "3600.5");
        var byTime = await PutAsync(http, $"/v1/kv/a/time?expiresAt={end:yyyy-MM-ddTHH:mm:ss.fffZ}");
        var forever = await PutAsync(http, "/v1/kv/a/zzz");
        await PutAsync(http, "/v1/kv/a/sliding?sliding=60&ttl=3600");

        foreach (var written in new[] { byTtl, byHeader })
            Assert.InRange(Expiry(written), DateTimeOffset.UtcNow.AddMinutes(50), DateTimeOffset.UtcNow.AddMinutes(70));
        Assert.InRange(Expiry(byTime), end.AddMinutes(-10), end.AddMinutes(10));
        Assert.False(forever.TryGetProperty("expiresAt", out _));
        Assert.Equal(TimeSpan.FromMinutes(1), (await node.Kv.GetAsync("a/sliding", cancellationToken: Stop)).SlidingExpiration);
        using var read = await http.GetAsync("/v1/kv/a/ttl", Stop);
        var header = DateTimeOffset.Parse(Assert.Single(read.Headers.GetValues("X-RaftKv-Expires-At")), CultureInfo.InvariantCulture);
        Assert.InRange(header, DateTimeOffset.UtcNow.AddMinutes(50), DateTimeOffset.UtcNow.AddMinutes(70));
        var page = JsonDocument.Parse(await http.GetStringAsync("/v1/kv?prefix=a/", Stop)).RootElement;
        var entries = page.GetProperty("entries").EnumerateArray().ToList();
        Assert.Equal(["a/header", "a/sliding", "a/time", "a/ttl", "a/zzz"], entries.Select(e => e.GetProperty("key").GetString()));
        Assert.Equal([true, true, true, true, false], entries.Select(e => e.TryGetProperty("expiresAt", out _)));

        await PutAsync(http, "/v1/kv/a/ttl?keepLifetime=true");
        Assert.NotNull((await node.Kv.GetAsync("a/ttl", cancellationToken: Stop)).ExpiresAt);
        await PutAsync(http, "/v1/kv/a/ttl");
        Assert.Null((await node.Kv.GetAsync("a/ttl", cancellationToken: Stop)).ExpiresAt);
    }

    [Fact]
    public async Task A_key_is_gone_after_its_time_also_when_its_write_was_idempotent()
    {
        await using var node = await WebNode.StartAsync("node1", Stop);
        using var http = new HttpClient { BaseAddress = new Uri(node.Url) };
        await node.Kv.SetAsync("first", default, cancellationToken: Stop);
        using var a = await EventReader.OpenAsync(node.Url + "/v1/watch?key=a", Stop);
        using var b = await EventReader.OpenAsync(node.Url + "/v1/watch?key=b", Stop);

        await PutAsync(http, "/v1/kv/a?ttl=0.2");
        await PutAsync(http, "/v1/kv/b?ttl=0.2", "Idempotency-Key", "one");

        Assert.Equal(["put a", "expired a"], await ChangesAsync(a));
        Assert.Equal(["put b", "expired b"], await ChangesAsync(b));
        using var gone = await http.GetAsync("/v1/kv/a", Stop);
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task Another_lifetime_is_another_request()
    {
        await using var node = await WebNode.StartAsync("node1", Stop);
        using var http = new HttpClient { BaseAddress = new Uri(node.Url) };
        await PutAsync(http, "/v1/kv/a?ttl=60", "Idempotency-Key", "one");

        using var request = new HttpRequestMessage(HttpMethod.Put, "/v1/kv/a?ttl=61") { Content = new StringContent("x") };
        request.Headers.Add("Idempotency-Key", "one");
        using var other = await http.SendAsync(request, Stop);

        await KvTests.ProblemAsync(other, HttpStatusCode.UnprocessableEntity, "idempotency_key_reused");
    }

    [Theory]
    [InlineData("ttl=0", "ttl")]
    [InlineData("ttl=-1", "ttl")]
    [InlineData("ttl=10s", "ttl")]
    [InlineData("ttl=1e3", "ttl")]
    [InlineData("ttl=99999999999", "ttl")]
    [InlineData("sliding=0", "sliding")]
    [InlineData("expiresAt=tomorrow", "expiresAt")]
    [InlineData("expiresAt=1960-01-01T00:00:00Z", "expiresAt")]
    [InlineData("ttl=1&expiresAt=2100-01-01T00:00:00Z", "expiresAt")]
    [InlineData("ttl=1&keepLifetime=true", "keepLifetime")]
    [InlineData("keepLifetime=perhaps", "keepLifetime")]
    public async Task A_lifetime_that_is_none_is_refused_and_the_field_named(string query, string field)
    {
        await using var http = await HttpFixture.StartAsync();

        using var answer = await http.SendAsync("PUT", "/v1/kv/k?" + query, new StringContent("x"));

        var problem = await KvTests.ProblemAsync(answer, HttpStatusCode.BadRequest, "invalid_" + field.ToLowerInvariant());
        Assert.Equal(field, problem.GetProperty("field").GetString());
        Assert.Empty(http.Kv.Keys);
    }

    private static async Task<JsonElement> PutAsync(HttpClient http, string path, string? header = null, string value = "")
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, path) { Content = new StringContent("x") };
        if (header is not null)
            request.Headers.Add(header, value);
        using var answer = await http.SendAsync(request, Stop);
        var body = await answer.Content.ReadAsStringAsync(Stop);
        Assert.True(answer.IsSuccessStatusCode, body);
        return JsonDocument.Parse(body).RootElement;
    }

    private static async Task<List<string>> ChangesAsync(EventReader events)
    {
        var changes = new List<string>();
        while (changes.Count < 2)
        {
            var change = (await events.NextAsync(Stop))!;
            if (change.Name != "progress")
                changes.Add(change.What);
        }
        return changes;
    }

    private static DateTimeOffset Expiry(JsonElement written) => written.GetProperty("expiresAt").GetDateTimeOffset();
}
