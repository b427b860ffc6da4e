using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>Reserved keys of the library can be read over HTTP, but not written or deleted.</summary>
public class ReservedKeyTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_write_of_a_reserved_key_is_403_by_name_on_every_route_and_reads_go_on()
    {
        await using var node = await WebNode.StartAsync("node1", Stop);
        using var http = new HttpClient { BaseAddress = new Uri(node.Url) };
        await using var held = await node.Services.GetRequiredService<IRaftKvCoordination>().AcquireLockAsync("a", cancellationToken: Stop);

        foreach (var key in new[] { held.Key, "$raftkv/once/20260101/a" })
        {
            var escaped = Uri.EscapeDataString(key);
            foreach (var (method, path, body) in new[]
            {
                ("PUT", $"/v1/kv?key={escaped}", "x"), ("PUT", $"/v1/kv/{escaped}", "x"), ("DELETE", $"/v1/kv/{escaped}", null),
                ("POST", "/store", $$"""{"key":"{{key}}","value":1}"""), ("DELETE", $"/store/{escaped}", null),
            })
            {
                foreach (var once in new[] { null, Guid.NewGuid().ToString() })
                    Assert.Equal((HttpStatusCode.Forbidden, true), await SendAsync(http, method, path, body, once));
            }
        }

        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync($"/v1/kv?key={Uri.EscapeDataString(held.Key)}", Stop)).StatusCode);
        Assert.False(held.LostToken.IsCancellationRequested);
        Assert.Equal(1, await node.Kv.CountAsync(KvKeyRange.All, cancellationToken: Stop));
        // A write with an Idempotency-Key still has its record.
        using var written = new HttpRequestMessage(HttpMethod.Put, "/v1/kv/b") { Content = new StringContent("x"),
            Headers = { { "Idempotency-Key", "one" } } };
        Assert.Equal(HttpStatusCode.OK, (await http.SendAsync(written, Stop)).StatusCode);
        Assert.Equal(1, await node.Kv.CountAsync(KvKeyRange.StartingWith("$raftkv/once/"), cancellationToken: Stop));
    }

    private static async Task<(HttpStatusCode Status, bool IsNamed)> SendAsync(HttpClient http, string method, string path, string? body,
        string? once)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        if (once is not null)
            request.Headers.Add("Idempotency-Key", once);
        using var answer = await http.SendAsync(request, Stop);
        return (answer.StatusCode, (await answer.Content.ReadAsStringAsync(Stop)).Contains("\"code\":\"reserved_key\"",
            StringComparison.Ordinal));
    }
}
