using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>Writes with an Idempotency-Key take effect once although they arrive twice, on real replicas.</summary>
public class IdempotencyTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_repeated_write_takes_effect_once_on_whichever_node_it_comes_again()
    {
        await using var node1 = await WebNode.StartAsync("node1", Stop);
        await using var node2 = await WebNode.StartAsync("node2", Stop);
        await node1.Cluster.AddMemberAsync("node2", node2.Cluster.Status.Address, Stop);

        var (status, first, replayed) = await SendAsync(node1, "PUT", "k", "id-1", "mine");
        Assert.Equal((HttpStatusCode.OK, false), (status, replayed));
        await node1.Kv.SetAsync("k", "somebody else's"u8.ToArray(), cancellationToken: Stop);

        var again = await SendAsync(node2, "PUT", "k", "id-1", "mine");

        Assert.Equal((HttpStatusCode.OK, first, true), again);
        Assert.Equal("somebody else's", await ReadAsync(node2, "k"));
    }

    [Fact]
    public async Task The_answer_of_a_write_is_whole_before_old_records_are_deleted()
    {
        var goesOn = new TaskCompletionSource();
        await using var node = await WebNode.StartAsync("node1", Stop, services: services =>
        {
            var store = services.Last(s => s.ServiceType == typeof(IDistributedKv));
            services.AddSingleton<IDistributedKv>(provider => new BlockedScans(
                (IDistributedKv)(store.ImplementationFactory?.Invoke(provider)
                    ?? ActivatorUtilities.CreateInstance(provider, store.ImplementationType!)), goesOn.Task));
        });
        try
        {
            var (status, body, _) = await SendAsync(node, "PUT", "k", "id-1", "mine").WaitAsync(TimeSpan.FromSeconds(60), Stop);

            Assert.Equal(HttpStatusCode.OK, status);
            Assert.Contains("\"version\":", body, StringComparison.Ordinal);
        }
        finally
        {
            goesOn.SetResult();
        }
    }

    [Fact]
    public async Task The_same_write_from_many_at_once_takes_effect_once()
    {
        await using var node = await WebNode.StartAsync("node1", Stop);

        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => SendAsync(node, "PUT", "k", "id-1", "x")));

        Assert.Single(answers, a => !a.Replayed);
        Assert.Single(answers.Select(a => a.Body).Distinct());
        Assert.Equal(1, (await node.Kv.GetAsync("k", cancellationToken: Stop)).WriteCount);
    }

    [Fact]
    public async Task A_repeated_deletion_leaves_what_was_written_in_between()
    {
        await using var node = await WebNode.StartAsync("node1", Stop);

        var nothing = await SendAsync(node, "DELETE", "k", "id-1");
        await node.Kv.SetAsync("k", "new"u8.ToArray(), cancellationToken: Stop);
        var again = await SendAsync(node, "DELETE", "k", "id-1");
        Assert.Equal(nothing.Body, again.Body);
        Assert.Contains("\"deleted\":false", again.Body, StringComparison.Ordinal);
        Assert.Equal("new", await ReadAsync(node, "k"));

        var gone = await SendAsync(node, "DELETE", "k", "id-2");
        await node.Kv.SetAsync("k", "newer"u8.ToArray(), cancellationToken: Stop);
        Assert.Equal((gone.Status, gone.Body, true), await SendAsync(node, "DELETE", "k", "id-2"));
        Assert.Contains("\"deleted\":true", gone.Body, StringComparison.Ordinal);
        Assert.Equal("newer", await ReadAsync(node, "k"));
    }

    [Theory]
    [InlineData("PUT", "k", "other")]
    [InlineData("PUT", "other", "mine")]
    [InlineData("DELETE", "k", null)]
    public async Task A_key_that_belongs_to_another_request_is_refused(string method, string key, string? body)
    {
        await using var node = await WebNode.StartAsync("node1", Stop);
        await SendAsync(node, "PUT", "k", "id-1", "mine");

        var (status, answer, _) = await SendAsync(node, method, key, "id-1", body);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        Assert.Equal("idempotency_key_reused", JsonDocument.Parse(answer).RootElement.GetProperty("code").GetString());
        Assert.Equal("mine", await ReadAsync(node, "k"));
        Assert.Null(await ReadAsync(node, "other"));
    }

    [Fact]
    public async Task A_condition_still_decides_and_what_was_refused_may_be_tried_again()
    {
        await using var node = await WebNode.StartAsync("node1", Stop);
        await node.Kv.SetAsync("k", "there"u8.ToArray(), cancellationToken: Stop);

        var refused = await SendAsync(node, "PUT", "k", "id-1", "mine", ifNoneMatch: true);
        await node.Kv.DeleteAsync("k", cancellationToken: Stop);
        var created = await SendAsync(node, "PUT", "k", "id-1", "mine", ifNoneMatch: true);
        var again = await SendAsync(node, "PUT", "k", "id-1", "mine", ifNoneMatch: true);

        Assert.Equal(HttpStatusCode.PreconditionFailed, refused.Status);
        Assert.Equal((HttpStatusCode.Created, false), (created.Status, created.Replayed));
        Assert.Equal((HttpStatusCode.Created, created.Body, true), again);
    }

    [Theory]
    [InlineData("")]
    [InlineData("with space")]
    [InlineData("x", 256)]
    public async Task What_cannot_be_a_key_is_refused(string text, int times = 1)
    {
        await using var http = await HttpFixture.StartAsync();

        using var answer = await http.SendAsync("PUT", "/v1/kv/k", new StringContent("x"), "Idempotency-Key", string.Concat(Enumerable.Repeat(text, times)));

        var problem = await KvTests.ProblemAsync(answer, HttpStatusCode.BadRequest, "invalid_idempotency_key");
        Assert.Equal("Idempotency-Key", problem.GetProperty("field").GetString());
        Assert.Empty(http.Kv.Keys);
    }

    [Fact]
    public async Task Old_records_are_deleted_and_new_ones_kept()
    {
        await using var node = await WebNode.StartAsync("node1", Stop);
        for (var i = 0; i < 300; i++)
            await node.Kv.SetReservedAsync($"$raftkv/once/20240229/{i:x32}", "{}"u8.ToArray(), Stop);

        for (var i = 0; i < 3; i++)
            await SendAsync(node, "PUT", "k", $"id-{i}", "x");

        var left = 0;
        await foreach (var _ in node.Kv.ScanAsync(KvKeyRange.StartingWith("$raftkv/"), new KvScanOptions { KeysOnly = true }, Stop))
            left++;
        Assert.Equal(3, left);
    }

    private static async Task<(HttpStatusCode Status, string Body, bool Replayed)> SendAsync(
        WebNode node, string method, string key, string idempotencyKey, string? body = null, bool ifNoneMatch = false)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(new HttpMethod(method), $"{node.Url}/v1/kv/{key}") { Content = body is null ? null : new StringContent(body) };
        request.Headers.Add("Idempotency-Key", idempotencyKey);
        if (ifNoneMatch)
            request.Headers.Add("If-None-Match", "*");
        using var answer = await http.SendAsync(request, Stop);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Stop), answer.Headers.Contains("Idempotency-Replayed"));
    }

    private static async Task<string?> ReadAsync(WebNode node, string key)
    {
        var found = await node.Kv.GetAsync(key, cancellationToken: Stop);
        return found.Found ? Encoding.UTF8.GetString(found.Value.Span) : null;
    }
}
