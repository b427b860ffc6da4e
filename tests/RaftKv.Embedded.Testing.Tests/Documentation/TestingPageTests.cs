using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using Moq;
using NSubstitute;
using Xunit;

namespace RaftKv.Embedded.Testing.Tests.Documentation;

#pragma warning disable xUnit1051 // The page has no token.

/// <summary>The code that the page about testing shows, between marks. A test of the documentation compares it with the page.</summary>
public sealed class TestingPageTests
{
    [Fact]
    public async Task Retries()
    {
        // DOCS: Code that retries
        using var kv = new InMemoryRaftKv();
        var counter = new VisitCounter(kv);

        kv.FailNext(RaftKvUnavailableReason.NoLeader, calls: 2);      // certainly not applied: the code under test may retry
        Assert.Equal(1, await counter.CountAsync("alice"));

        kv.FailNextOutcomeUnknown(applied: true);                     // applied, but the caller does not hear of it
        await Assert.ThrowsAsync<RaftKvOutcomeUnknownException>(() => counter.CountAsync("alice"));
        Assert.Equal(3, await counter.CountAsync("alice"));           // the unknown one had counted
        // end
    }

    [Fact]
    public async Task Locks()
    {
        // DOCS: A lock that is lost
        using var kv = new InMemoryRaftKv();
        await using var held = await kv.Coordination.AcquireLockAsync("reports");

        await kv.LoseLockAsync("reports");                            // as after a long pause of the process

        Assert.True(held.LostToken.IsCancellationRequested);
        var write = new KvTransaction().If(held.StillHeld);           // the code under test writes only while it has the lock
        write.Then.Set("report", "text"u8.ToArray());
        Assert.False((await kv.CommitAsync(write)).Succeeded);
        // end
    }

    [Fact]
    public async Task Time()
    {
        // DOCS: Time
        var time = new FakeTimeProvider();                            // of Microsoft.Extensions.TimeProvider.Testing
        using var kv = new InMemoryRaftKv(time);
        await kv.SetAsync("session", "alice"u8.ToArray(), new KvSetOptions { TimeToLive = TimeSpan.FromMinutes(20) });
        await using var lease = await kv.Leases.GrantAsync(TimeSpan.FromSeconds(15));

        time.Advance(TimeSpan.FromSeconds(10));                       // the lease is renewed, as in a process that runs
        Assert.False(lease.IsLost);

        time.Advance(TimeSpan.FromMinutes(20));                       // one long step: a process that was suspended
        Assert.False((await kv.GetAsync("session")).Found);
        Assert.True(lease.IsLost);
        // end
    }

    [Fact]
    public async Task Services()
    {
        // DOCS: In place of the replica
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddRaftKv(o => o.DataDirectory = "/var/lib/app").AddDistributedCache();   // what the application does
        builder.Services.AddInMemoryRaftKv();                                                     // what the test adds
        using var host = builder.Build();
        await host.StartAsync();

        var store = host.Services.GetRequiredService<InMemoryRaftKv>();
        store.Fail(RaftKvUnavailableReason.NoQuorum);                 // and Recover() ends it
        // end
        Assert.Same(store, host.Services.GetRequiredService<IDistributedKv>());
        await host.StopAsync();
    }

    [Fact]
    public async Task Cluster()
    {
        // DOCS: A cluster in the test's process
        await using var cluster = await RaftKvTestCluster.StartAsync(3);
        RaftKvTestNode leader = await cluster.WaitForLeaderAsync();
        await leader.Kv.SetAsync("greeting", "hello"u8.ToArray());

        cluster.Partition([leader]);                                  // also: Kill, Restart, Pause, WipeDisk, FillDisk, SlowDisk, Lag
        RaftKvTestNode next = await cluster.WaitForLeaderAsync();
        Assert.True((await next.Kv.GetAsync("greeting")).Found);

        cluster.Heal();
        await cluster.WaitForConvergenceAsync();
        // end
    }

    [Fact]
    public async Task Web()
    {
        // DOCS: A web app on three nodes
        await using var cluster = RaftKvTestCluster.Create(3);
        var apps = new List<WebApplication>();
        foreach (RaftKvTestNode node in cluster.Nodes)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.WebHost.UseTestServer();
            builder.Services.AddRaftKv(o => o.DataDirectory = "/var/lib/app");     // what the application does
            node.AddTo(builder.Services);                                          // in a WebApplicationFactory: ConfigureTestServices(node.AddTo)
            var app = builder.Build();
            app.MapPost("/visits", async (IDistributedKv kv) => await kv.IncrementAsync("visits"));
            apps.Add(app);
        }
        await Task.WhenAll(apps.Select(app => app.StartAsync()));

        RaftKvTestNode leader = await cluster.WaitForLeaderAsync();
        var follower = apps[cluster.Nodes.ToList().FindIndex(n => n != leader)];
        Assert.Equal("1", await PostAsync(follower, "/visits"));
        await leader.KillAsync();
        Assert.Equal("2", await PostAsync(follower, "/visits"));     // it waits for the next leader

        static async Task<string> PostAsync(WebApplication app, string path) =>
            await (await app.GetTestClient().PostAsync(path, null)).Content.ReadAsStringAsync();
        // end
        foreach (var app in apps)
        {
            await app.StopAsync(new CancellationToken(canceled: true));
            await app.DisposeAsync();
        }
    }

    [Fact]
    public async Task Substitutes()
    {
        // DOCS: With a substitute
        var kv = Substitute.For<IDistributedKv>();
        kv.CommitAsync(Arg.Any<KvTransaction>(), Arg.Any<CancellationToken>()).Returns(new KvTransactionResult
        {
            Succeeded = true,
            Version = new KvVersion(7),
            Results = [new KvOperationResult { Number = 41 }],
        });

        Assert.Equal(41, await new VisitCounter(kv).CountAsync("alice"));

        await kv.Received(1).CommitAsync(
            Arg.Is<KvTransaction>(t => t.Then.Operations[0].Key == "visits/alice"), Arg.Any<CancellationToken>());
        // end
    }

    [Fact]
    public async Task Mocks()
    {
        // DOCS: With Moq
        var kv = new Mock<IDistributedKv>();
        kv.Setup(k => k.CommitAsync(It.IsAny<KvTransaction>(), It.IsAny<CancellationToken>())).ReturnsAsync(new KvTransactionResult
        {
            Succeeded = true,
            Version = new KvVersion(7),
            Results = [new KvOperationResult { Number = 41 }],
        });

        Assert.Equal(41, await new VisitCounter(kv.Object).CountAsync("alice"));

        kv.Verify(
            k => k.CommitAsync(It.Is<KvTransaction>(t => t.Then.Operations[0].Key == "visits/alice"), It.IsAny<CancellationToken>()),
            Times.Once);
        // end
    }

    [Fact]
    public async Task Conformance()
    {
        using var inner = new InMemoryRaftKv();
        var store = inner.WithKeyPrefix("tenant/");

        // DOCS: An implementation of your own
        var target = new RaftKvConformanceTarget { Kv = store };      // Leases, Coordination and AdvanceAsync, if it has them
        foreach (RaftKvConformanceCase one in RaftKvConformance.Cases.Where(c => c.CanRun(target) && c.Group == "Conditions"))
            await one.RunAsync(target);                               // RaftKvConformanceException says what is not as the contract says
        // end
    }

    private sealed class VisitCounter(IDistributedKv kv)
    {
        public async Task<long> CountAsync(string user)
        {
            while (true)
            {
                try
                {
                    return await kv.IncrementAsync($"visits/{user}");
                }
                catch (RaftKvException e) when (e is { IsTransient: true, Outcome: KvOutcome.NotApplied })
                {
                    // Nothing was written, so the call is repeated.
                }
            }
        }
    }
}
