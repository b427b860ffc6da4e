using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace RaftKv.Embedded.Http.Tests.Routes;

/// <summary>
/// A response that fails in the middle arrives as a broken connection behind every middleware, never as a complete response.
/// </summary>
public class BrokenResponseTests
{
    private static readonly Exception Failure = new RaftKvStorageException(RaftKvStorageError.Io, "The disk is broken.");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<string, int> Cells => new()
    {
        { "nothing", 100_000 }, { "exception handler", 100_000 }, { "own time limit", 100_000 }, { "compression", 100_000 },
        { "nothing", 100 }, { "exception handler", 100 }, { "own time limit", 100 }, { "compression", 100 },
    };

    [Theory]
    [MemberData(nameof(Cells))]
    public async Task A_backup_that_fails_in_the_middle_breaks_off(string middleware, int bytes)
    {
        using var limit = new CancellationTokenSource();
        await using var http = await StartAsync(middleware, limit.Token);
        http.Kv.Backup = async (body, stop) =>
        {
            await body.WriteAsync(new byte[bytes], stop);
            if (middleware != "own time limit")
                throw Failure;
            await limit.CancelAsync();
            await Task.Delay(Timeout.Infinite, stop);
        };

        await BreaksAsync(http, "/v1/cluster/backup");
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("exception handler")]
    [InlineData("compression")]
    public async Task A_listing_that_fails_after_its_first_part_breaks_off(string middleware)
    {
        await using var http = await StartAsync(middleware, Stop);
        for (var i = 0; i < 10; i++)
            await http.Kv.SetAsync($"k{i}", new byte[20_000], cancellationToken: Stop);
        http.Kv.ScanFailsAfter = 5;

        await BreaksAsync(http, "/v1/kv?prefix=");
    }

    [Fact]
    public async Task A_listing_that_fails_before_is_answered_as_an_error_and_nothing_else()
    {
        await using var http = await StartAsync("nothing", Stop);
        foreach (var key in new[] { "a", "b", "c" })
            await http.Kv.SetAsync(key, default, cancellationToken: Stop);
        http.Kv.ScanFailsAfter = 2;

        using var response = await http.Client.GetAsync("/v1/kv?prefix=", Stop);

        await KvTests.ProblemAsync(response, HttpStatusCode.ServiceUnavailable, "stopped");
    }

    [Fact]
    public async Task A_backup_that_fails_before_its_first_byte_is_answered_as_an_error()
    {
        await using var http = await StartAsync("exception handler", Stop);
        http.Kv.Backup = (_, _) => Task.FromException(Failure);

        using var response = await http.Client.GetAsync("/v1/cluster/backup", Stop);

        await KvTests.ProblemAsync(response, HttpStatusCode.InternalServerError, "storage_error");
        Assert.Null(response.Content.Headers.ContentDisposition);
    }

    [Theory]
    [InlineData("http/2")]
    [InlineData("test server")]
    public async Task A_backup_breaks_off_on_every_server(string server)
    {
        var setup = MiddlewareTable.All[server];
        var kv = new MemoryKv
        {
            Backup = async (body, stop) =>
            {
                await body.WriteAsync(new byte[1000], stop);
                throw Failure;
            },
        };
        using var services = new ServiceCollection().AddSingleton<IDistributedKv>(kv).AddSingleton<IRaftKvCluster>(kv).BuildServiceProvider();
        await using var host = await RouteHost.StartAsync(setup, services, Stop);

        await BreaksAsync(() => host.SendAsync("GET", "/v1/cluster/backup", null, Stop));
    }

    private static Task BreaksAsync(HttpFixture http, string path) =>
        BreaksAsync(() => http.Client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, Stop));

    private static async Task BreaksAsync(Func<Task<HttpResponseMessage>> send)
    {
        var whole = default(byte[]);
        try
        {
            using var response = await send();
            whole = await response.Content.ReadAsByteArrayAsync(Stop);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return;
        }
        Assert.Fail($"{whole.Length} bytes came as a complete response.");
    }

    private static Task<HttpFixture> StartAsync(string middleware, CancellationToken limit) => HttpFixture.StartAsync(
        b => b.Services.AddResponseCompression(o => o.MimeTypes = [.. ResponseCompressionDefaults.MimeTypes, "application/octet-stream"]),
        app =>
        {
            switch (middleware)
            {
                case "exception handler":
                    app.UseExceptionHandler(e => e.Run(c => c.Response.WriteAsync("error")));
                    break;
                case "own time limit":
                    app.UseExceptionHandler(e => e.Run(c => c.Response.WriteAsync("error")));
                    app.Use((context, next) =>
                    {
                        context.RequestAborted = limit;
                        return next(context);
                    });
                    break;
                case "compression":
                    app.Use((context, next) =>
                    {
                        context.Request.Headers.AcceptEncoding = "gzip";
                        return next(context);
                    });
                    app.UseResponseCompression();
                    break;
            }
            app.MapRaftKv(o => o.AllowAnonymous = true);
        });
}
