using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Tests.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>Nodes that authenticate each other, and what they log about it.</summary>
public sealed class SecureClusterTests : IDisposable
{
    private const string Secret = "hush-hush-hush-hush-hush-hush-hush-hush";
    private const string Key = "customers/jane.doe@example.com";
    private const string Value = "4111-1111-1111-1111";

    private readonly TestFolder _folder = new();
    private readonly int[] _ports = FreePorts.Take(3);
    private readonly TestAuthority _authority = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_cluster_forms_and_works_and_no_line_of_any_log_has_a_secret_a_key_or_a_value(bool withCertificates)
    {
        var lines = new ConcurrentQueue<string>();
        List<IHost> hosts = [];
        try
        {
            for (var i = 1; i <= 3; i++)
                hosts.Add(await StartAsync(i, withCertificates, lines));
            foreach (var host in hosts)
                await host.Services.GetRequiredService<IRaftKvCluster>().WaitUntilReadyAsync(Cancel);
            foreach (var host in hosts)
                await UseAsync(host.Services.GetRequiredService<IDistributedKv>());
            await hosts[0].Services.GetRequiredService<IRaftKvCluster>().TakeSnapshotAsync(Cancel);
            await hosts[0].Services.GetRequiredService<IRaftKvCluster>().RemoveMemberAsync("node3", Cancel);
            using (var foreigner = new Transport.TransportNode("node3", o => o with { Secrets = [new(Secret + "!")] }))
            {
                foreigner.Knows(new Member("node1", $"127.0.0.1:{_ports[0]}", Guid.Empty, MemberRole.Voter));
                Eventually.Holds(() => lines.Any(l => l.Contains("not authenticated", StringComparison.Ordinal)), "the refusal is logged");
            }
        }
        finally
        {
            foreach (var host in hosts)
            {
                await host.StopAsync(CancellationToken.None);
                host.Dispose();
            }
        }

        Assert.NotEmpty(lines);
        Assert.DoesNotContain(lines, l => l.Contains("without authentication", StringComparison.Ordinal));
        foreach (var hidden in (string[])[Secret, Key, "jane.doe", Value, Convert.ToBase64String(Encoding.UTF8.GetBytes(Value)), "PRIVATE KEY"])
            Assert.DoesNotContain(lines, l => l.Contains(hidden, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Listening_to_other_machines_needs_authentication_or_a_warning_at_each_start()
    {
        var lines = new ConcurrentQueue<string>();
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => StartOneAsync(lines, _ => { }));
        Assert.Contains("peers are not authenticated", error.Message, StringComparison.Ordinal);

        for (var start = 1; start <= 2; start++)
        {
            using var insecure = await StartOneAsync(lines, o => o.AllowInsecurePeers = true);
            await insecure.StopAsync(Cancel);
            Assert.Equal(start, lines.Count(l => l.Contains("without authentication of its peers", StringComparison.Ordinal)));
        }

        using var secure = await StartOneAsync(lines, o => o.PeerSecrets.Add(Secret));
        await secure.StopAsync(Cancel);
        Assert.Equal(2, lines.Count(l => l.Contains("without authentication of its peers", StringComparison.Ordinal)));
    }

    private static async Task UseAsync(IDistributedKv kv)
    {
        await kv.SetAsync(Key, Encoding.UTF8.GetBytes(Value), cancellationToken: Cancel);
        await kv.SetAsync(Key, Encoding.UTF8.GetBytes(Value), new() { When = KvCondition.NotExists }, Cancel);
        await kv.GetAsync(Key, cancellationToken: Cancel);
        await Assert.ThrowsAsync<RaftKvLimitExceededException>(async () => await kv.SetAsync(Key, new byte[2_000_000], cancellationToken: Cancel));
        await Assert.ThrowsAsync<RaftKvLimitExceededException>(async () => await kv.GetAsync(Key + new string('x', 5_000), cancellationToken: Cancel));
    }

    private Task<IHost> StartAsync(int number, bool withCertificates, ConcurrentQueue<string> lines) => StartAsync(lines, o =>
    {
        o.BeOneOf(number, _ports, _folder);
        o.PeerSecrets.Add(Secret);
        if (withCertificates)
            o.PeerTls = _authority.Files(Directory.CreateDirectory(_folder.Sub($"tls{number}")).FullName, o.NodeId);
    });

    private Task<IHost> StartOneAsync(ConcurrentQueue<string> lines, Action<RaftKvOptions> more) => StartAsync(lines, o =>
    {
        o.DataDirectory = _folder.Sub("one");
        o.ListenAddress = "0.0.0.0:0";
        o.AdvertiseAddress = "127.0.0.1:1";
        more(o);
    });

    private static async Task<IHost> StartAsync(ConcurrentQueue<string> lines, Action<RaftKvOptions> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.SetMinimumLevel(LogLevel.Trace).AddProvider(new Collector(lines));
        builder.Services.AddRaftKv(configure);
        var host = builder.Build();
        try
        {
            await host.StartAsync(Cancel);
            return host;
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }

    /// <summary>Collects every log line of every category, with the values in it.</summary>
    private sealed class Collector(ConcurrentQueue<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var values = state is IEnumerable<KeyValuePair<string, object?>> pairs ? string.Join(' ', pairs.Select(p => $"{p.Key}={p.Value}")) : "";
            lines.Enqueue($"{formatter(state, exception)} {values} {exception}");
        }

        public void Dispose() { }
    }
}
