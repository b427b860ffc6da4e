using System.Net;
using Xunit;

namespace RaftKv.Embedded.Http.Tests.Routes;

/// <summary><c>If-Match</c> by RFC 9110: one of a list of strong entity tags must be the current one.</summary>
public class ConditionTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("\"3\"", true)]
    [InlineData("\"1\", \"3\"", true)]
    [InlineData("\"3\",\"1\"", true)]
    [InlineData("\"abc\", W/\"2\", \"3\"", true)]
    [InlineData("W/\"3\"", false)]
    [InlineData("\"1\", \"2\"", false)]
    [InlineData("\"1\", W/\"3\"", false)]
    [InlineData("\"0\"", false)]
    [InlineData("\"abc\"", false)]
    public async Task One_of_the_listed_versions_must_be_the_current_one(string ifMatch, bool applies)
    {
        foreach (var method in new[] { "PUT", "DELETE" })
        {
            await using var http = await HttpFixture.StartAsync();
            for (var i = 0; i < 3; i++)
                await http.Kv.SetAsync("k", "old"u8.ToArray(), cancellationToken: Stop);

            var body = method == "PUT" ? new StringContent("new") : null;
            using var answer = await http.SendAsync(method, "/v1/kv/k", body, "If-Match", ifMatch);

            if (applies)
            {
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                continue;
            }
            var problem = await KvTests.ProblemAsync(answer, HttpStatusCode.PreconditionFailed, "precondition_failed");
            Assert.Equal(3, problem.GetProperty("currentVersion").GetInt64());
            Assert.Equal("old", (await http.GetAsync("/v1/kv/k")).Body);
        }
    }

    [Theory]
    [InlineData("12")]
    [InlineData("\"1")]
    [InlineData("*, \"1\"")]
    [InlineData("")]
    public async Task What_is_no_list_of_entity_tags_is_refused(string ifMatch)
    {
        await using var http = await HttpFixture.StartAsync();

        var answer = await http.SendRawAsync("DELETE /v1/kv/k", $"If-Match: {ifMatch}\r\n");

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains("\"field\":\"If-Match\"", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_and_an_idempotency_key_are_one_request_however_often_it_comes()
    {
        await using var node = await WebNode.StartAsync("node1", Stop);
        using var http = new HttpClient { BaseAddress = new Uri(node.Url) };
        var first = (await node.Kv.SetAsync("k", "1"u8.ToArray(), cancellationToken: Stop)).Version;
        var second = (await node.Kv.SetAsync("k", "2"u8.ToArray(), cancellationToken: Stop)).Version;

        var versions = new List<string>();
        for (var i = 0; i < 2; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, "/v1/kv/k") { Content = new StringContent("3") };
            request.Headers.Add("If-Match", $"\"{first}\", \"{second}\"");
            request.Headers.Add("Idempotency-Key", "one");
            using var answer = await http.SendAsync(request, Stop);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal(i == 1, answer.Headers.Contains("Idempotency-Replayed"));
            versions.Add(answer.Headers.ETag!.Tag);
        }

        Assert.Single(versions.Distinct());
        Assert.Equal($"\"{(await node.Kv.GetAsync("k", cancellationToken: Stop)).Version}\"", versions[0]);
    }
}
