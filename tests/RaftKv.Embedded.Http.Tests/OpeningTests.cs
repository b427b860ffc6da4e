using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>
/// The web server answers while the replica of the same host opens, which takes long with much data. Here the replica restores from a named
/// pipe, so that the test decides when the opening ends.
/// </summary>
public sealed class OpeningTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly string _folder = Directory.CreateTempSubdirectory("raftkv-opening-").FullName;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string Pipe => Path.Combine(_folder, "backup");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_probes_answer_while_the_replica_opens_and_calls_wait_for_it()
    {
        var backup = await BackupAsync();
        await MakePipeAsync();
        await using var app = Build("node", o => o.RestoreFrom = Pipe);
        var starting = app.StartAsync(Stop);
        using var http = await ClientAsync(app);

        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/livez", Stop)).StatusCode);
        await KvTests.ProblemAsync(await http.GetAsync("/readyz", Stop), HttpStatusCode.ServiceUnavailable, "opening");
        Assert.Contains("\"role\":\"opening\"", await http.GetStringAsync("/v1/cluster", Stop), StringComparison.Ordinal);
        Assert.Equal(RaftKvRole.Opening, app.Services.GetRequiredService<IRaftKvCluster>().Status.Role);
        var read = app.Services.GetRequiredService<IDistributedKv>().GetAsync("key", cancellationToken: Stop).AsTask();
        var write = app.Services.GetRequiredService<IDistributedKv>().SetAsync("other", "1"u8.ToArray(), cancellationToken: Stop).AsTask();
        var ready = app.Services.GetRequiredService<IRaftKvCluster>().WaitUntilReadyAsync(Stop);
        Assert.False(starting.IsCompleted || read.IsCompleted || write.IsCompleted || ready.IsCompleted);

        await File.WriteAllBytesAsync(Pipe, backup, Stop).WaitAsync(Patience, Stop);
        await starting.WaitAsync(Patience, Stop);

        await ready.WaitAsync(Patience, Stop);
        Assert.True((await read).Found);
        Assert.True((await write).Applied);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/readyz", Stop)).StatusCode);
        await app.StopAsync(Stop);
    }

    [Fact]
    public async Task What_keeps_the_replica_from_opening_reaches_the_host_and_the_calls_that_wait()
    {
        await MakePipeAsync();
        await using var app = Build("node", o => o.RestoreFrom = Pipe);
        var starting = app.StartAsync(Stop);
        using var http = await ClientAsync(app);
        var read = app.Services.GetRequiredService<IDistributedKv>().GetAsync("key", cancellationToken: Stop).AsTask();

        await File.WriteAllTextAsync(Pipe, "not a backup", Stop).WaitAsync(Patience, Stop);

        await Assert.ThrowsAsync<RaftKvStorageException>(() => starting.WaitAsync(Patience, Stop));
        await Assert.ThrowsAsync<RaftKvStorageException>(() => read.WaitAsync(Patience, Stop));
    }

    private async Task<byte[]> BackupAsync()
    {
        await using var app = Build("first", _ => { });
        await app.StartAsync(Stop);
        await app.Services.GetRequiredService<IDistributedKv>().SetAsync("key", "value"u8.ToArray(), cancellationToken: Stop);
        using var backup = new MemoryStream();
        await app.Services.GetRequiredService<IRaftKvCluster>().BackupAsync(backup, cancellationToken: Stop);
        await app.StopAsync(Stop);
        return backup.ToArray();
    }

    private WebApplication Build(string name, Action<RaftKvOptions> more)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        builder.Services.AddRaftKv(o =>
        {
            (o.NodeId, o.DataDirectory) = (name, Path.Combine(_folder, name));
            more(o);
        });
        var app = builder.Build();
        app.MapRaftKv(o => o.AllowAnonymous = true);
        return app;
    }

    /// <summary>Returns as soon as the web server listens.</summary>
    private static async Task<HttpClient> ClientAsync(WebApplication app)
    {
        for (var clock = Stopwatch.StartNew(); app.Urls.FirstOrDefault(u => !u.EndsWith(":0", StringComparison.Ordinal)) is null; await Task.Delay(20, Stop))
            Assert.True(clock.Elapsed < Patience, "The web server does not listen.");
        return new HttpClient { BaseAddress = new Uri(app.Urls.First()), Timeout = Patience };
    }

    private async Task MakePipeAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "There are no named pipes in the file system here.");
        using var made = Process.Start("mkfifo", [Pipe]);
        await made.WaitForExitAsync(Stop);
        Assert.Equal(0, made.ExitCode);
    }
}
