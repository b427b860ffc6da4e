using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;
using RaftKv.Embedded.Tests.Hosting.Measured;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting.Foreign;

/// <summary>
/// Code of the application that the node calls (loggers, listeners, callbacks, contexts) may throw or block, and the node still works.
/// </summary>
[Collection(nameof(TelemetryTests))]
public sealed class ForeignCodeTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestFolder _folder = new();
    private readonly int[] _ports = FreePorts.Take(3);
    private readonly string _nodeId = $"n{Guid.NewGuid():N}";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_logger_that_throws_harms_no_node()
    {
        var log = new UnreliableLogger();
        await using var cluster = await TestNodes.StartAsync(number => StartAsync(number, log), Cancel);

        log.Throw();

        await CallAndLoseANodeAsync(cluster.All);
        Assert.NotEqual(0, log.Calls);
    }

    [Fact]
    public async Task A_logger_that_blocks_holds_up_no_node()
    {
        var log = new UnreliableLogger();
        await using var cluster = await TestNodes.StartAsync(number => StartAsync(number, log), Cancel);
        try
        {
            log.Block();

            await CallAndLoseANodeAsync(cluster.All);
            Assert.NotEqual(0, log.Calls);
        }
        finally
        {
            log.Unblock();
        }
    }

    [Fact]
    public async Task Meter_and_activity_listeners_that_throw_harm_no_node()
    {
        var isWatching = true;
        using var application = new ActivitySource($"test-{_nodeId}");
        using var meters = new MeterListener { InstrumentPublished = OnPublished, MeasurementsCompleted = (_, _) => ThrowIf(isWatching) };
        meters.SetMeasurementEventCallback<double>((_, _, _, _) => throw new NotSupportedException());
        meters.SetMeasurementEventCallback<long>((_, _, _, _) => throw new NotSupportedException());
        meters.Start();
        using var activities = new ActivityListener
        {
            ShouldListenTo = source => source == application
                || source.Name is RaftKvTelemetry.ActivitySourceName or RaftKvTelemetry.LogActivitySourceName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStarted = activity => ThrowIf(activity.Source != application),
            ActivityStopped = activity => ThrowIf(activity.Source != application),
        };
        ActivitySource.AddActivityListener(activities);

        for (var start = 0; start < 2; start++)
        {
            await using var node = await TestNode.StartAsync(
                o => (o.NodeId, o.DataDirectory) = (_nodeId, _folder.Sub("data")), b => b.AddDistributedCache());
            var cache = node.Services.GetRequiredService<IDistributedCache>();
            using (var call = application.StartActivity("call"))
            {
                for (var i = 0; i < 20; i++)
                    Assert.True((await node.Kv.SetAsync($"k{i}", "value"u8.ToArray(), cancellationToken: Cancel)).Applied);
                Assert.True((await node.Kv.GetAsync("k0", cancellationToken: Cancel)).Found);
                Assert.True((await node.Kv.GetAsync("k0", KvReadOptions.Stale, Cancel)).Found);
                await cache.SetAsync("c", [1], Cancel);
                Assert.Equal([1], cache.Get("c"));
                await using (await node.Coordination.AcquireLockAsync("l", cancellationToken: Cancel))
                    Assert.Same(call, Activity.Current);
            }
            await node.Cluster.TakeSnapshotAsync(Cancel);
            Assert.Equal(RaftKvRole.Leader, node.Cluster.Status.Role);
        }
        // When the listener is disposed, it is called for each instrument that is left.
        isWatching = false;

        void OnPublished(Instrument instrument, MeterListener listener)
        {
            if (instrument.Meter.Name != "RaftKv" || !instrument.Meter.Tags!.Any(t => (string?)t.Value == _nodeId))
                return;
            listener.EnableMeasurementEvents(instrument);
            ThrowIf(instrument.Name is "raftkv.snapshots" or "raftkv.leader");
        }
    }

    [Fact]
    public async Task A_context_that_refuses_the_continuation_of_a_write_harms_no_node_and_the_caller_goes_on()
    {
        await using var node = await TestNode.StartAsync(o => o.DataDirectory = _folder.Sub("data"));
        await node.Kv.SetAsync("founded", default, cancellationToken: Cancel);
        var context = new RefusingContext();

        for (var i = 0; i < 20; i++)
            await Task.Run(() => SetUnderAsync(context, node.Kv, $"k{i}"), Cancel).WaitAsync(Patience, Cancel);

        Assert.NotEqual(0, context.Asked);
        Assert.True((await node.Kv.SetAsync("after", default, cancellationToken: Cancel)).Applied);
        Assert.Equal(RaftKvRole.Leader, node.Cluster.Status.Role);
    }

    [Fact]
    public async Task Callbacks_of_views_and_leases_that_throw_end_nothing()
    {
        await using var node = await TestNode.StartAsync(o => o.DataDirectory = _folder.Sub("data"));
        await node.Kv.SetStringAsync("v/a", "1", cancellationToken: Cancel);
        await using var view = await node.Kv.OpenViewAsync<string>("v/", _ => throw new NotSupportedException(), cancellationToken: Cancel);
        using var changes = ChangeToken.OnChange(view.GetChangeToken, () => throw new NotSupportedException());
        var held = await node.Coordination.AcquireLockAsync("l", cancellationToken: Cancel);
        await using var lost = held.LostToken.Register(() => throw new NotSupportedException());

        for (var i = 0; i < 5; i++)
        {
            var set = await node.Kv.SetStringAsync("v/a", $"{i}", cancellationToken: Cancel);
            while (view.Current.Version < set.Version)
                await Task.Delay(5, Cancel);
        }
        await held.ReleaseAsync(Cancel);

        Assert.IsType<NotSupportedException>(view.Current.Errors["v/a"]);
        await using var again = await node.Coordination.AcquireLockAsync("l", cancellationToken: Cancel).AsTask().WaitAsync(Patience, Cancel);
        Assert.Equal(RaftKvRole.Leader, node.Cluster.Status.Role);
    }

    /// <summary>
    /// Every node takes a write, the leader stops, and the others take writes, so that each thread that logs has a reason to log.
    /// </summary>
    private static async Task CallAndLoseANodeAsync(TestNode[] nodes)
    {
        foreach (var node in nodes)
            Assert.True((await node.Kv.SetAsync(node.Cluster.Status.NodeId, default, cancellationToken: Cancel)).Applied);
        await nodes[0].Cluster.TakeSnapshotAsync(Cancel);
        var leader = nodes.Single(n => n.Cluster.Status.Role == RaftKvRole.Leader);

        await leader.StopAsync().WaitAsync(Patience, Cancel);

        foreach (var node in nodes.Where(n => n != leader))
        {
            Assert.True((await node.Kv.SetAsync("after", default, cancellationToken: Cancel)).Applied);
            Assert.Null(node.Cluster.Status.Fault);
        }
    }

    private static async Task SetUnderAsync(SynchronizationContext context, IDistributedKv kv, string key)
    {
        SynchronizationContext.SetSynchronizationContext(context);
        try
        {
            Assert.True((await kv.SetAsync(key, default, cancellationToken: Cancel)).Applied);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(null);
        }
    }

    private static void ThrowIf(bool condition)
    {
        if (condition)
            throw new NotSupportedException();
    }

    private Task<TestNode> StartAsync(int number, UnreliableLogger log) => TestNode.StartAsConfiguredAsync(o => o.BeOneOf(number, _ports, _folder), log: log);
}
