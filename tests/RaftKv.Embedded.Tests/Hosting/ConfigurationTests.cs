using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using RaftKv.Embedded.Tests.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>The store as a source of configuration: reloads, values that cannot be bound, and values that are kept in a file.</summary>
public sealed class ConfigurationTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Keys_below_the_prefix_are_configuration_and_options_follow_them()
    {
        using var host = Build(o => o.DataDirectory = _folder.Sub("data"), services => services.AddOptions<MailOptions>().BindConfiguration("Mail"));
        await host.StartAsync(Cancel);
        var kv = host.Services.GetRequiredService<IDistributedKv>();
        var configuration = host.Services.GetRequiredService<IConfiguration>();
        var mail = host.Services.GetRequiredService<IOptionsMonitor<MailOptions>>();
        Assert.Equal("default", mail.CurrentValue.Server);

        await kv.SetManyAsync([new("config/Mail/Server", "one"u8.ToArray()), new("config/Mail/Port", "25"u8.ToArray())], Cancel);
        await UntilAsync(mail, m => (m.Server, m.Port) == ("one", 25));
        await kv.SetStringAsync("config/mail:server", "two", cancellationToken: Cancel);
        await UntilAsync(mail, m => m.Server == "two");
        await kv.DeleteAsync("config/mail:server", cancellationToken: Cancel);
        await UntilAsync(mail, m => m.Server == "one");
        await kv.DeleteAsync("config/Mail/Server", cancellationToken: Cancel);
        await UntilAsync(mail, m => m.Server == "default");
        await host.StopAsync(Cancel);
        Assert.Equal("25", configuration["Mail:Port"]);
    }

    [Fact]
    public async Task A_reload_shows_transactions_as_a_whole_and_the_last_one_in_the_end()
    {
        using var host = Build(o => o.DataDirectory = _folder.Sub("data"));
        await host.StartAsync(Cancel);
        var kv = host.Services.GetRequiredService<IDistributedKv>();
        var configuration = host.Services.GetRequiredService<IConfiguration>();
        var seen = new List<string>();
        var done = new TaskCompletionSource();
        using var changes = ChangeToken.OnChange(configuration.GetReloadToken, () =>
        {
            seen.Add($"{configuration["a"]} {configuration["b"]} {configuration["c"]}");
            if (configuration["c"] == "9")
                done.TrySetResult();
        });
        for (var i = 1; i <= 9; i++)
            await kv.SetManyAsync("abc".Select(c => new KeyValuePair<string, ReadOnlyMemory<byte>>($"config/{c}", System.Text.Encoding.UTF8.GetBytes($"{i}"))), Cancel);
        await done.Task.WaitAsync(Patience, Cancel);
        await host.StopAsync(Cancel);

        // The first reload may show the empty state before the first write.
        Assert.All(seen.Where(s => s != "  "), s => Assert.Equal($"{s[0]} {s[0]} {s[0]}", s));
        Assert.Equal(seen.Order(), seen);
        Assert.Equal("9 9 9", seen[^1]);
    }

    [Fact]
    public async Task Changes_that_come_while_a_listener_is_busy_are_one_reload()
    {
        using var host = Build(o => o.DataDirectory = _folder.Sub("data"));
        await host.StartAsync(Cancel);
        var kv = host.Services.GetRequiredService<IDistributedKv>();
        var configuration = host.Services.GetRequiredService<IConfiguration>();
        var reloads = 0;
        var busy = new TaskCompletionSource();
        var release = new ManualResetEventSlim();
        var done = new TaskCompletionSource();
        using var changes = ChangeToken.OnChange(configuration.GetReloadToken, () =>
        {
            reloads++;
            busy.TrySetResult();
            release.Wait(Patience);
            if (configuration["last"] == "499")
                done.TrySetResult();
        });
        await kv.SetStringAsync("config/last", "first", cancellationToken: Cancel);
        await busy.Task.WaitAsync(Patience, Cancel);
        for (var i = 0; i < 500; i++)
            await kv.SetStringAsync("config/last", $"{i}", cancellationToken: Cancel);
        release.Set();
        await done.Task.WaitAsync(Patience, Cancel);
        await host.StopAsync(Cancel);

        // One reload for the first write and one for all the others. More if the machine pauses the reader while it catches up.
        Assert.InRange(reloads, 2, 50);
    }

    [Fact]
    public async Task A_value_that_options_refuse_is_logged_and_its_correction_is_seen()
    {
        var log = new RecordingLogger();
        using var host = Build(o => o.DataDirectory = _folder.Sub("data"), services =>
        {
            services.AddOptions<MailOptions>().BindConfiguration("Mail");
            services.AddLogging(logging => logging.AddProvider(log));
        });
        await host.StartAsync(Cancel);
        var kv = host.Services.GetRequiredService<IDistributedKv>();
        var mail = host.Services.GetRequiredService<IOptionsMonitor<MailOptions>>();
        Assert.Equal(0, mail.CurrentValue.Port);

        await kv.SetStringAsync("config/Mail/Port", "many", cancellationToken: Cancel);
        Assert.True(log.Await(151) > 0, "Nothing was logged.");
        await kv.SetStringAsync("config/Mail/Port", "25", cancellationToken: Cancel);

        await UntilAsync(mail, m => m.Port == 25);
        await host.StopAsync(Cancel);
    }

    [Fact]
    public async Task The_values_stay_when_another_source_is_removed_and_a_source_that_is_added_later_is_filled()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddRaftKvConfiguration("config/").AddInMemoryCollection([new("Mail:Port", "25")]);
        builder.Services.AddRaftKv(o => (o.DataDirectory, o.Bootstrap) = (_folder.Sub("data"), RaftKvBootstrap.SingleNode));
        using var host = builder.Build();
        await host.StartAsync(Cancel);
        var kv = host.Services.GetRequiredService<IDistributedKv>();
        await kv.SetStringAsync("config/Mail/Server", "one", cancellationToken: Cancel);
        await kv.SetStringAsync("more/Color", "red", cancellationToken: Cancel);
        await UntilAsync(() => builder.Configuration["Mail:Server"] == "one");

        builder.Configuration.Sources.RemoveAt(builder.Configuration.Sources.Count - 1);
        Assert.Equal((null, "one"), (builder.Configuration["Mail:Port"], builder.Configuration["Mail:Server"]));
        builder.Configuration.AddRaftKvConfiguration("more/");

        await UntilAsync(() => builder.Configuration["Color"] == "red");
        await kv.SetStringAsync("config/Mail/Server", "two", cancellationToken: Cancel);
        await UntilAsync(() => builder.Configuration["Mail:Server"] == "two");
        await host.StopAsync(Cancel);
    }

    [Fact]
    public async Task Values_are_there_before_the_host_runs_when_they_were_kept()
    {
        var file = Path.Combine(_folder.Sub("elsewhere"), "known.json");
        using (var host = Build(o => o.DataDirectory = _folder.Sub("data"), lastKnownFile: file))
        {
            await host.StartAsync(Cancel);
            var kv = host.Services.GetRequiredService<IDistributedKv>();
            await kv.SetManyAsync([new("config/Mail/Server", "one"u8.ToArray()), new("config/Mail/Port", "25"u8.ToArray())], Cancel);
            await UntilAsync(() => File.Exists(file) && Built()["Mail:Port"] == "25");
            await kv.DeleteAsync("config/Mail/Port", cancellationToken: Cancel);
            await UntilAsync(() => Built()["Mail:Port"] is null);
            await host.StopAsync(Cancel);
        }
        Assert.Equal("one", Built()["Mail:Server"]);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));

        await File.WriteAllTextAsync(file, "{\"Mail:Server\":", Cancel);
        Assert.Null(Built()["Mail:Server"]);

        IConfiguration Built() => new ConfigurationBuilder().AddRaftKvConfiguration("config/", file).Build();
    }

    [Fact]
    public async Task A_node_alone_without_its_quorum_starts_with_the_configuration_it_has()
    {
        var ports = FreePorts.Take(3);
        IHost[] hosts = [.. Enumerable.Range(1, 3).Select(i => Build(o => o.BeOneOf(i, ports, _folder)))];
        await Task.WhenAll(hosts.Select(h => h.StartAsync(Cancel)));
        await hosts[0].Services.GetRequiredService<IRaftKvCluster>().WaitUntilReadyAsync(Cancel);
        await hosts[0].Services.GetRequiredService<IDistributedKv>().SetStringAsync("config/Mail/Server", "one", cancellationToken: Cancel);
        foreach (var host in hosts)
        {
            await host.StopAsync(Cancel);
            host.Dispose();
        }

        using var alone = Build(o => o.BeOneOf(1, ports, _folder));
        await alone.StartAsync(Cancel);

        Assert.Equal("one", alone.Services.GetRequiredService<IConfiguration>()["Mail:Server"]);
        Assert.False(alone.Services.GetRequiredService<IRaftKvCluster>().Status.IsReady);
        await alone.StopAsync(Cancel);
    }

    [Fact]
    public async Task A_node_that_was_removed_and_added_again_goes_on_feeding_its_configuration()
    {
        var ports = FreePorts.Take(3);
        var hosts = Enumerable.Range(1, 3).Select(i => Build(o => o.BeOneOf(i, ports, _folder))).ToArray();
        await Task.WhenAll(hosts.Select(h => h.StartAsync(Cancel)));
        var clusters = hosts.Select(h => h.Services.GetRequiredService<IRaftKvCluster>()).ToArray();
        foreach (var cluster in clusters)
            await cluster.WaitUntilReadyAsync(Cancel);
        var kv = hosts[0].Services.GetRequiredService<IDistributedKv>();
        var removed = hosts[2].Services.GetRequiredService<IConfiguration>();

        await clusters[0].RemoveMemberAsync("node3", Cancel);
        await foreach (var status in clusters[2].WatchStatusAsync(Cancel))
        {
            if (status.Role == RaftKvRole.Removed)
                break;
        }
        await kv.SetStringAsync("config/Mail/Server", "while it was away", cancellationToken: Cancel);
        await clusters[0].AddMemberAsync("node3", $"127.0.0.1:{ports[2]}", Cancel);
        await kv.SetStringAsync("config/Mail/Port", "25", cancellationToken: Cancel);

        for (var clock = System.Diagnostics.Stopwatch.StartNew(); removed["Mail:Port"] != "25"; await Task.Delay(20, Cancel))
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60), $"The configuration still has {removed["Mail:Server"]}.");
        Assert.Equal("while it was away", removed["Mail:Server"]);
        foreach (var host in hosts)
        {
            await host.StopAsync(Cancel);
            host.Dispose();
        }
    }

    private static IHost Build(Action<RaftKvOptions> configure, Action<IServiceCollection>? more = null, string? lastKnownFile = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection([new("Mail:Server", "default")]).AddRaftKvConfiguration("config/", lastKnownFile);
        builder.Services.AddRaftKv(configure);
        more?.Invoke(builder.Services);
        return builder.Build();
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        for (var clock = System.Diagnostics.Stopwatch.StartNew(); !holds(); await Task.Delay(20, Cancel))
            Assert.True(clock.Elapsed < Patience, "It did not come to be.");
    }

    private static async Task UntilAsync<T>(IOptionsMonitor<T> options, Func<T, bool> holds)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = options.OnChange(o =>
        {
            if (holds(o))
                reached.TrySetResult();
        });
        if (!HoldsNow())
            await reached.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);

        bool HoldsNow()
        {
            try
            {
                return holds(options.CurrentValue);
            }
            catch (InvalidOperationException)
            {
                // The previous value cannot be bound.
                return false;
            }
        }
    }

    internal sealed class MailOptions
    {
        public string Server { get; set; } = "";
        public int Port { get; set; }
    }
}
