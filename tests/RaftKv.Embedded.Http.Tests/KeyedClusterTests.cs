using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>Two named clusters in one process, each with its routes below its own prefix.</summary>
public sealed class KeyedClusterTests : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("raftkv-keyed-");
    private WebApplication _app = null!;
    private HttpClient _client = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseTestServer();
        builder.Services.AddOpenApi();
        foreach (var name in new[] { "orders", "stock" })
        {
            builder.Services.AddKeyedRaftKv(name, o =>
            {
                (o.NodeId, o.DataDirectory) = ($"{name}1", Path.Combine(_directory.FullName, name));
                o.MaxValueBytes = name == "stock" ? 16 : 1024;
            });
        }
        _app = builder.Build();
        _app.MapOpenApi();
        foreach (var name in new[] { "orders", "stock" })
        {
            var group = _app.MapGroup($"/{name}");
            group.MapRaftKv(name, o => o.AllowAnonymous = true);
            group.MapRaftKvDashboard(name, "/page", o => o.AllowAnonymous = true);
        }
        await _app.StartAsync(Stop);
        _client = _app.GetTestClient();
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Each_prefix_serves_its_own_cluster()
    {
        foreach (var name in new[] { "orders", "stock" })
        {
            using var put = await _client.PutAsync($"/{name}/v1/kv/k", new StringContent(name), Stop);
            Assert.True(put.IsSuccessStatusCode, await put.Content.ReadAsStringAsync(Stop));
        }
        Assert.Equal("orders", await _client.GetStringAsync("/orders/v1/kv/k", Stop));
        Assert.Equal("stock", await _client.GetStringAsync("/stock/page/v1/kv/k", Stop));
        Assert.Contains("\"orders1\"", await _client.GetStringAsync("/orders/v1/cluster", Stop), StringComparison.Ordinal);
        Assert.Contains("\"stock1\"", await _client.GetStringAsync("/stock/v1/cluster", Stop), StringComparison.Ordinal);
        string[] paths =
        [
            "/orders/readyz", "/stock/livez", "/stock/v1/locks", "/stock/v1/leases", "/stock/raft/stats", "/stock/page", "/openapi/v1.json",
        ];
        foreach (var path in paths)
        {
            using var answer = await _client.GetAsync(path, Stop);
            Assert.True(answer.IsSuccessStatusCode, $"{path}: {await answer.Content.ReadAsStringAsync(Stop)}");
        }
    }

    [Fact]
    public async Task Limits_are_those_of_the_cluster_of_the_route()
    {
        var value = new byte[100];
        using var fits = await _client.PutAsync("/orders/v1/kv/large", new ByteArrayContent(value), Stop);
        using var refused = await _client.PutAsync("/stock/v1/kv/large", new ByteArrayContent(value), Stop);

        Assert.True(fits.IsSuccessStatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, refused.StatusCode);
    }

    [Fact]
    public void A_name_without_a_cluster_is_an_error_that_says_what_to_call()
    {
        var unknown = Assert.Throws<InvalidOperationException>(() => _app.MapRaftKv("other"));
        Assert.Contains("AddKeyedRaftKv(\"other\", ...)", unknown.Message, StringComparison.Ordinal);
        var plain = Assert.Throws<InvalidOperationException>(() => _app.MapRaftKvKeys());
        Assert.Contains("AddKeyedRaftKv", plain.Message, StringComparison.Ordinal);
    }
}
