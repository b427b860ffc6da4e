using RaftKv.Embedded.Tests.Hosting;
using Xunit;

namespace RaftKv.Embedded.Tests.Documentation;

/// <summary>The documented code for expiring keys, leases and locks is compiled, works, and equals the pages.</summary>
public sealed class LifetimesPageTests
{
    [Fact]
    public void The_pages_show_this_code()
    {
        DocumentedCode.IsThatOf("LifetimesPageTests.cs", "Keys that expire");
        DocumentedCode.IsThatOf("LifetimesPageTests.cs", "Leases, locks, leadership");
    }

    [Fact]
    public async Task It_does_what_it_says()
    {
        using var folder = new TestFolder();
        await using var node = await TestNode.StartAsync(o => o.DataDirectory = folder.Path);
        var (kv, leases, coordination) = (node.Kv, node.Leases, node.Coordination);
        byte[] data = [1], changed = [2];
        var billed = false;

#pragma warning disable xUnit1051 // The README has no token.
        // DOCS: Keys that expire
        await kv.SetAsync("session/7", data, new() { SlidingExpiration = TimeSpan.FromMinutes(20), TimeToLive = TimeSpan.FromHours(8) });
        await kv.SetAsync("offer", data, new() { ExpiresAt = DateTimeOffset.UtcNow.AddDays(1) });
        await kv.SetAsync("offer", changed, new() { KeepLifetime = true });    // without it, a plain set ends the lifetime
        DateTimeOffset? end = (await kv.GetAsync("offer")).ExpiresAt;
        // end
        Assert.NotNull(end);

        // DOCS: Leases, locks, leadership
        await using KvLease lease = await leases.GrantAsync(TimeSpan.FromSeconds(10));          // IRaftKvLeases; kept alive on a thread of its own
        await kv.SetAsync("workers/7", data, new() { LeaseId = lease.Id });                     // goes when the lease ends

        await using (KvLock held = await coordination.AcquireLockAsync("reports"))             // IRaftKvCoordination; first come, first served
        {
            var write = new KvTransaction().If(held.StillHeld);                                 // not carried out once another process has the lock
            write.Then.Set("reports/last", data);
            await kv.CommitAsync(write, held.LostToken);
        }

        await coordination.RunWhenLeaderAsync("billing", async (leadership, end) =>             // on one process at a time
        {
            await RunBillingAsync(leadership.FencingToken, end);
        });

        KvLease process = await coordination.SetEphemeralAsync("nodes/node1", data);            // goes with this process
        // end
#pragma warning restore xUnit1051

        Assert.True((await kv.GetAsync("reports/last", cancellationToken: TestContext.Current.CancellationToken)).Found);
        Assert.True(billed);
        Assert.False(process.IsLost || lease.IsLost);

        Task RunBillingAsync(KvVersion fencingToken, CancellationToken end)
        {
            billed = fencingToken > KvVersion.None && !end.IsCancellationRequested;
            return Task.CompletedTask;
        }
    }
}
