using RaftKv.Embedded.Tests.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting.Measured;

/// <summary>Metrics of leases, locks and expiring keys.</summary>
[Collection(nameof(TelemetryTests))]
public sealed class LeaseTelemetryTests : MeasuredNodeTests
{
    private readonly int[] _ports = FreePorts.Take(2);

    [Fact]
    public async Task Locks_and_leases_are_counted_while_they_are_held_and_at_their_end()
    {
        using var recorder = new TelemetryRecorder(NodeId);
        await using var node = await StartAsync();
        var lease = await node.Leases.GrantAsync(TimeSpan.FromMinutes(1), Cancel);
        var held = await node.Coordination.AcquireLockAsync("lock", cancellationToken: Cancel);
        Assert.Null(await node.Coordination.TryAcquireLockAsync("lock", cancellationToken: Cancel));

        Assert.Equal((2, 2, 1), Held(recorder));
        Assert.Equal(1, recorder.Count("raftkv.lock.acquire.duration", ("outcome", "acquired")));
        Assert.Equal(1, recorder.Count("raftkv.lock.acquire.duration", ("outcome", "taken")));

        await held.DisposeAsync();
        await lease.DisposeAsync();
        await held.DisposeAsync();

        Assert.Equal((0, 0, 0), Held(recorder));
        // One of them is the lease of the attempt that did not get the lock.
        Eventually.Holds(() => recorder.Count("raftkv.leases.ended", ("reason", "released")) == 3, "three ends are counted", 60);
        Assert.Equal((3, 1), (recorder.Count("raftkv.leases.granted"), recorder.Count("raftkv.locks.ended", ("reason", "released"))));
        Assert.Equal(0, recorder.Count("raftkv.leases.ended", ("reason", "lost")));
    }

    [Fact]
    public async Task A_lock_that_is_lost_is_counted_as_lost()
    {
        using var recorder = new TelemetryRecorder($"{NodeId}-1");
        await using var one = await StartOneOfTwoAsync(1);
        await using (await StartOneOfTwoAsync(2))
        {
            await one.Cluster.WaitUntilReadyAsync(Cancel);
            await one.Coordination.AcquireLockAsync("lock", new KvLockOptions { TimeToLive = TimeSpan.FromSeconds(1) }, Cancel);
        }

        Eventually.Holds(() => recorder.Count("raftkv.locks.ended", ("reason", "lost")) == 1, "the lock is lost", 60);
        Assert.Equal((0, 0), (recorder.Observe("raftkv.leases.held"), recorder.Observe("raftkv.locks.held")));
        Assert.Equal(1, recorder.Count("raftkv.leases.ended", ("reason", "lost")));
    }

    [Fact]
    public async Task Keys_that_end_by_themselves_are_counted_by_cause()
    {
        using var recorder = new TelemetryRecorder(NodeId);
        await using var node = await StartAsync();
        await using (var lease = await node.Leases.GrantAsync(TimeSpan.FromMinutes(1), Cancel))
            await node.Kv.SetAsync("bound", default, new KvSetOptions { LeaseId = lease.Id }, Cancel);
        for (var i = 0; i < 3; i++)
            await node.Kv.SetAsync($"short{i}", default, new KvSetOptions { TimeToLive = TimeSpan.FromMilliseconds(1) }, Cancel);
        await node.Kv.SetAsync("deleted", default, cancellationToken: Cancel);
        await node.Kv.DeleteAsync("deleted", cancellationToken: Cancel);

        Eventually.Holds(() => recorder.Observe("raftkv.keys") == 0, "the keys have ended", 60);
        Assert.Equal(3, recorder.Observe("raftkv.keys.expired", ("cause", "time_to_live")));
        Assert.Equal(1, recorder.Observe("raftkv.keys.expired", ("cause", "lease")));
    }

    private static (double Leases, double HeldLeases, double HeldLocks) Held(TelemetryRecorder recorder) =>
        (recorder.Observe("raftkv.leases"), recorder.Observe("raftkv.leases.held"), recorder.Observe("raftkv.locks.held"));

    private Task<TestNode> StartOneOfTwoAsync(int number) =>
        TestNode.StartAsConfiguredAsync(o => o.BeOneOf(number, _ports, Folder, $"{NodeId}-"));
}
