using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RaftKv.Embedded.Tests.Hosting;
using Xunit;

namespace RaftKv.Embedded.Tests.Documentation;

/// <summary>The documented code for leader services and periodic jobs is compiled, works, and equals the page.</summary>
public sealed class LeaderServicesPageTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void The_page_shows_this_code()
    {
        DocumentedCode.IsThatOf("LeaderServicesPageTests.cs", "Leader services and periodic jobs");
        DocumentedCode.IsThatOf("LeaderServicesPageTests.cs", "A leader service");
    }

    [Fact]
    public async Task It_does_what_it_says()
    {
        using var folder = new TestFolder();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        var directory = folder.Path;
        builder.Services.AddSingleton<Outbox>();
        var cleaned = new TaskCompletionSource();

        // DOCS: Leader services and periodic jobs
        builder.Services.AddRaftKv(o => o.DataDirectory = directory)
            .AddLeaderService<Dispatcher>()                                             // one instance, on one node
            .AddLeaderService("cleanup", (services, end) => CleanUpAsync(services, end))
            .RunOncePer(TimeSpan.FromHours(24), "report", async (services, end) =>      // at most once a day, over all nodes
            {
                await services.GetRequiredService<Outbox>().AddAsync("report", end);
            });
        // end

        using var host = builder.Build();
        await host.StartAsync(Cancel);
        var outbox = host.Services.GetRequiredService<Outbox>();
        var status = await RunningAsync(host.Services.GetRequiredService<IRaftKvLeaderServices>());
        Assert.Equal(("node1", true), (status.NodeId, status.RunsHere));
        Eventually.Holds(() => outbox.Sent.Contains("report"), "the report of the job is sent by the dispatcher");
        await cleaned.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancel);
        await host.StopAsync(Cancel);

        Task CleanUpAsync(IServiceProvider services, CancellationToken end)
        {
            cleaned.TrySetResult();
            return Task.Delay(Timeout.Infinite, end);
        }
    }

    private static async Task<RaftKvLeaderServiceStatus> RunningAsync(IRaftKvLeaderServices services)
    {
        for (var tries = 0; ; tries++)
        {
            var status = await services.GetStatusAsync(nameof(Dispatcher), Cancel);
            if (status is { NodeId: not null, RunsHere: true } || tries == 2_000)
                return status;
            await Task.Delay(20, Cancel);
        }
    }

    internal sealed class Outbox
    {
        private readonly ConcurrentQueue<string> _waiting = [];

        public ConcurrentQueue<string> Sent { get; } = [];

        public Task AddAsync(string message, CancellationToken cancellationToken)
        {
            _waiting.Enqueue(message);
            return Task.CompletedTask;
        }

        public Task SendNextAsync(KvVersion fencingToken, CancellationToken cancellationToken)
        {
            if (fencingToken > KvVersion.None && _waiting.TryDequeue(out var message))
                Sent.Enqueue(message);
            return Task.Delay(10, cancellationToken);
        }
    }

    // DOCS: A leader service
    internal sealed class Dispatcher(Outbox outbox) : IRaftKvLeaderService
    {
        public async Task RunAsync(KvLock leadership, CancellationToken cancellationToken)
        {
            while (true)
                await outbox.SendNextAsync(leadership.FencingToken, cancellationToken);  // receivers refuse smaller tokens
        }
    }
    // end
}
