using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RaftKv.Embedded;
using RaftKv.Embedded.Http;
using RaftKv.TestNode.Driver;

namespace RaftKv.Benchmarks;

/// <summary>
/// A cluster of one behind the package's routes, and endpoints of the same shape over a dictionary, as an application would write them by
/// hand.
/// </summary>
internal static class HttpServer
{
    public const string Key = "users/1000";

    private static readonly ConcurrentDictionary<string, byte[]> Values = new(StringComparer.Ordinal);

    private sealed record BareEntry(string Key, JsonElement Value, long Version);

    private sealed record BareAnswer(string Message, BareEntry Data);

    private sealed record BareWritten(string Key, long Version);

    /// <summary>Prints the port, and serves until the standard input ends.</summary>
    public static async Task RunAsync(int valueBytes)
    {
        var directory = TestDirectory.Create();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddRaftKv(o => o.DataDirectory = directory);
        await using var app = builder.Build();
        app.MapRaftKv(o => o.AllowAnonymous = true);
        MapBare(app);
        await app.StartAsync();

        var json = JsonSerializer.SerializeToUtf8Bytes(new string('v', valueBytes - 2));
        await app.Services.GetRequiredService<IDistributedKv>().SetAsync(Key, json);
        Values[Key] = json;
        Console.WriteLine(new Uri(app.Urls.First()).Port);
        await Console.In.ReadToEndAsync();
        await app.StopAsync();
        TestDirectory.Delete(directory);
    }

    private static void MapBare(WebApplication app)
    {
        app.MapGet("/bare/store/{**key}", (string key) => Values.TryGetValue(key, out var value)
            ? Results.Json(new BareAnswer("success fetching data", new BareEntry(key, JsonSerializer.Deserialize<JsonElement>(value), 1)))
            : Results.NotFound());
        app.MapGet("/bare/kv/{**key}",
            (string key) => Values.TryGetValue(key, out var value) ? Results.Bytes(value, "application/octet-stream") : Results.NotFound());
        app.MapPut("/bare/kv/{**key}", async (string key, HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            Values[key] = body.ToArray();
            return Results.Json(new BareWritten(key, 1));
        });
    }
}
