using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>The OpenAPI document has every route, and a client that is generated from it works against a real replica.</summary>
public class OpenApiTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_client_generated_from_the_document_works()
    {
        await using var cluster = new SampleCluster();
        using var http = new HttpClient { BaseAddress = (await cluster.StartAsync("node1", Stop)).Url };
        var client = await GeneratedClient.CreateAsync(await http.GetStringAsync("/openapi/v1.json", Stop), http);

        foreach (var size in new[] { 0, 1, 1024 * 1024 })
            await RoundTripAsync(client, size);
        await ConditionsAsync(client);
        await ListAsync(client);
        await StatusAsync(client);
    }

    [Fact]
    public async Task Every_route_is_in_the_document_with_what_it_takes_and_answers()
    {
        await using var node = await WebNode.StartAsync("node1", Stop);
        using var http = new HttpClient { BaseAddress = new Uri(node.Url) };

        var paths = JsonDocument.Parse(await http.GetStringAsync("/openapi/v1.json", Stop)).RootElement.GetProperty("paths");

        var documented = paths.EnumerateObject().SelectMany(p => p.Value.EnumerateObject().Select(o => $"{o.Name.ToUpperInvariant()} {p.Name}")).Order();
        Assert.Equal(Routes(node).Order(), documented);
        foreach (var operation in paths.EnumerateObject().SelectMany(p => p.Value.EnumerateObject()))
        {
            Assert.NotEmpty(operation.Value.GetProperty("operationId").GetString()!);
            Assert.NotEmpty(operation.Value.GetProperty("summary").GetString()!);
            Assert.True(operation.Value.GetProperty("responses").TryGetProperty("200", out _), operation.Name);
        }
        var put = paths.GetProperty("/v1/kv/{key}").GetProperty("put");
        Assert.Equal(["200", "201", "400", "401", "403", "412", "413", "421", "422", "429", "500", "503", "504", "507"], put.GetProperty("responses").EnumerateObject().Select(r => r.Name));
        Assert.Equal(["key", "If-Match", "If-None-Match", "Idempotency-Key", "ttl", "sliding", "expiresAt", "keepLifetime", "forward"], put.GetProperty("parameters").EnumerateArray().Select(p => p.GetProperty("name").GetString()));
    }

    private static async Task RoundTripAsync(GeneratedClient client, int size)
    {
        var value = RandomNumberGenerator.GetBytes(size);
        var key = $"binary/{size} ü";

        var written = await client.CallAsync("RaftKvPut", ("key", key), ("body", new MemoryStream(value)));
        using var read = (IDisposable)(await client.CallAsync("RaftKvGet", ("key", key), ("consistency", "stale")))!;

        Assert.Equal(key, GeneratedClient.Get<string>(written, "Key"));
        using var copy = new MemoryStream();
        await GeneratedClient.Get<Stream>(read, "Stream").CopyToAsync(copy, Stop);
        Assert.Equal(value, copy.ToArray());
        var etag = GeneratedClient.Get<IReadOnlyDictionary<string, IEnumerable<string>>>(read, "Headers")["ETag"].Single();
        Assert.Equal($"\"{GeneratedClient.Get<long>(written, "Version")}\"", etag);
    }

    private static async Task ConditionsAsync(GeneratedClient client)
    {
        var refused = await Assert.ThrowsAnyAsync<Exception>(() =>
            client.CallAsync("RaftKvPut", ("key", "binary/1 ü"), ("body", new MemoryStream()), ("if_None_Match", "*")));
        Assert.Equal(412, GeneratedClient.Get<int>(refused, "StatusCode"));
        Assert.Equal("precondition_failed", GeneratedClient.Get<string>(GeneratedClient.Get<object>(refused, "Result"), "Code"));

        var deleted = await client.CallAsync("RaftKvDelete", ("key", "binary/1 ü"));
        Assert.True(GeneratedClient.Get<bool>(deleted, "Deleted1"));
        var missing = await Assert.ThrowsAnyAsync<Exception>(() => client.CallAsync("RaftKvGet", ("key", "binary/1 ü")));
        Assert.Equal(404, GeneratedClient.Get<int>(missing, "StatusCode"));
    }

    private static async Task ListAsync(GeneratedClient client)
    {
        var page = await client.CallAsync("RaftKvList", ("prefix", "binary/"), ("keysOnly", true));
        var keys = GeneratedClient.Get<IEnumerable<object>>(page, "Entries").Select(e => GeneratedClient.Get<string>(e, "Key"));
        Assert.Equal(["binary/0 ü", "binary/1048576 ü"], keys);
    }

    private static async Task StatusAsync(GeneratedClient client)
    {
        var status = await client.CallAsync("RaftKvStatus");
        Assert.Equal(("node1", "leader"), (GeneratedClient.Get<string>(status, "NodeId"), GeneratedClient.Get<string>(status, "Role")));
        Assert.Equal(2, GeneratedClient.Get<long>(status, "KeyCount"));
        Assert.True(GeneratedClient.Get<long>(await client.CallAsync("RaftKvTakeSnapshot"), "Version") > 0);
        var stats = GeneratedClient.Get<IDictionary<string, string>>(await client.CallAsync("RaftKvStats"), "Data");
        Assert.Equal("Leader", stats["state"]);
    }

    private static IEnumerable<string> Routes(WebNode node) =>
        from endpoint in node.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        let methods = endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []
        let path = "/" + endpoint.RoutePattern.RawText!.Trim('/').Replace("**", "", StringComparison.Ordinal)
        // Left out are HEAD, which belongs to GET, the routes with ?key=, which the document has with the key in the path, and the routes
        // of the dashboard.
        from method in methods
        where method != "HEAD" && !path.StartsWith("/raftkv", StringComparison.Ordinal) && !path.StartsWith("/openapi", StringComparison.Ordinal)
            && (path != "/v1/kv" || method == "GET")
        select $"{method} {path}";
}
