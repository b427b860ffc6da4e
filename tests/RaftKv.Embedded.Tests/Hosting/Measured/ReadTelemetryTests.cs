using System.Diagnostics;
using RaftKv.Embedded.Tests.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting.Measured;

/// <summary>Metrics and spans of reads, and that a read of the own copy allocates nothing.</summary>
[Collection(nameof(TelemetryTests))]
public sealed class ReadTelemetryTests : MeasuredNodeTests
{
    private static readonly KvReader<object?, int> Length = static (value, _, _) => value.Length;

    private readonly int[] _ports = FreePorts.Take(2);

    [Fact]
    public async Task Reads_are_counted_by_consistency_and_by_what_served_them()
    {
        using var recorder = new TelemetryRecorder(NodeId);
        await using var node = await StartAsync();
        await node.Kv.SetAsync("key", "value"u8.ToArray(), cancellationToken: Cancel);

        await node.Kv.GetAsync("key", cancellationToken: Cancel);
        await node.Kv.CountAsync(KvKeyRange.All, cancellationToken: Cancel);
        await node.Kv.GetAsync("key", KvReadOptions.Stale, Cancel);
        await node.Kv.ReadAsync("key", null, Length, KvReadOptions.Stale, Cancel);
        node.Kv.TryRead("key", null, Length, out _);

        Assert.Equal(2, recorder.Count("raftkv.reads", ("consistency", "linearizable"), ("served", "read_index")));
        Assert.Equal(2, recorder.Count("raftkv.read.duration", ("consistency", "linearizable"), ("outcome", "served")));
        Assert.Equal(3, recorder.Count("raftkv.reads", ("consistency", "stale"), ("served", "own_copy")));
        Assert.Equal(0, recorder.Count("raftkv.read.duration", ("consistency", "stale")));
        Assert.True(recorder.Observe("raftkv.disk.free") > 0);
    }

    [Fact]
    public async Task A_read_with_the_leaders_lease_is_counted_as_such()
    {
        using var recorder = new TelemetryRecorder(NodeId);
        await using var node = await StartAsync();
        await node.Kv.SetAsync("key", "value"u8.ToArray(), cancellationToken: Cancel);
        var lease = new KvReadOptions { Consistency = KvConsistency.LeaderLease };

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (recorder.Count("raftkv.reads", ("consistency", "leader_lease"), ("served", "lease")) == 0)
        {
            limit.Token.ThrowIfCancellationRequested();
            await node.Kv.GetAsync("key", lease, limit.Token);
        }

        Assert.Equal(0, recorder.Count("raftkv.reads", ("consistency", "linearizable")));
    }

    [Fact]
    public async Task A_linearizable_read_is_a_span_under_its_callers_and_a_stale_one_is_none()
    {
        using var application = new ActivitySource($"test-{NodeId}");
        using var recorder = new TelemetryRecorder(NodeId, RaftKvTelemetry.ActivitySourceName, application.Name);
        await using var node = await StartAsync();
        await node.Kv.SetAsync("key", "value"u8.ToArray(), cancellationToken: Cancel);
        using var call = application.StartActivity("call");

        await node.Kv.GetAsync("key", KvReadOptions.Stale, Cancel);
        await node.Kv.GetAsync("key", cancellationToken: Cancel);
        await node.Kv.ScanPageAsync(KvKeyRange.All, cancellationToken: Cancel);

        Assert.Same(call, Activity.Current);
        var reads = recorder.Spans.Where(s => s.ParentSpanId == call!.SpanId).ToArray();
        Assert.All(reads, read =>
        {
            Assert.Equal(("raftkv.read", ActivityKind.Client, ActivityStatusCode.Unset), (read.OperationName, read.Kind, read.Status));
            Assert.Equal("raftkv", read.GetTagItem("db.system.name"));
            Assert.Equal(("linearizable", "served"), (read.GetTagItem("raftkv.consistency"), read.GetTagItem("raftkv.outcome")));
        });
        Assert.Equal(["get", "scan"], reads.Select(read => read.GetTagItem("db.operation.name")));
    }

    [Fact]
    public async Task Calls_that_fail_are_spans_with_an_error_and_its_reason_and_reads_without_a_leader_are_counted()
    {
        using var application = new ActivitySource($"test-{NodeId}");
        using var recorder = new TelemetryRecorder($"{NodeId}-1", RaftKvTelemetry.ActivitySourceName, application.Name);
        await using var one = await StartOneOfTwoAsync(1);
        await using (await StartOneOfTwoAsync(2))
            await one.Cluster.WaitUntilReadyAsync(Cancel);
        Eventually.Holds(() => one.Inside.Replica.ServesWithoutLeader, "there is no leader", 60);
        using var call = application.StartActivity("call");

        const string key = "secret-key";
        await Task.WhenAll(
            Assert.ThrowsAsync<RaftKvUnavailableException>(async () => await one.Kv.GetAsync(key, cancellationToken: Cancel)),
            Assert.ThrowsAsync<RaftKvUnavailableException>(async () => await one.Kv.SetAsync(key, default, cancellationToken: Cancel)));
        await one.Kv.GetAsync(key, new KvReadOptions { StaleWithoutLeader = true }, Cancel);

        var failed = recorder.Spans.Where(s => s.ParentSpanId == call!.SpanId && s.Status == ActivityStatusCode.Error)
            .OrderBy(s => s.OperationName, StringComparer.Ordinal).ToArray();
        var outcomes = failed.Select(s => $"{s.OperationName} {s.GetTagItem("raftkv.outcome")}");
        Assert.Equal(["raftkv.read failed", "raftkv.write refused"], outcomes);
        Assert.All(failed, span =>
        {
            Assert.Equal("NoLeader", span.GetTagItem("db.response.status_code"));
            Assert.Equal("NoLeader", span.GetTagItem("error.type"));
            Assert.EndsWith(": NoLeader", span.StatusDescription, StringComparison.Ordinal);
            Assert.DoesNotContain(span.TagObjects, t => t.Value?.ToString()?.Contains(key, StringComparison.Ordinal) == true);
        });
        Assert.Equal(1, recorder.Count("raftkv.read.duration", ("consistency", "linearizable"), ("outcome", "failed")));
        Assert.Equal(1, recorder.Count("raftkv.reads", ("consistency", "linearizable"), ("served", "without_leader")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_read_of_the_own_copy_allocates_nothing_whether_it_is_counted_or_not(bool isCounted)
    {
        using var recorder = isCounted ? Listen() : null;
        await using var node = await StartAsync();
        await node.Kv.SetAsync("key", "value"u8.ToArray(), cancellationToken: Cancel);
        await node.Cluster.WaitUntilReadyAsync(Cancel);

        // The first rounds warm up; a round in which the runtime allocates for itself does not count.
        var least = Enumerable.Range(0, 10).Min(_ => AllocatedBy(node.Kv, rounds: 1000));

        Assert.Equal(0, least);
    }

    private static long AllocatedBy(IDistributedKv kv, int rounds)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < rounds; i++)
        {
            kv.TryRead("key", null, Length, out _);
            _ = kv.ReadAsync("key", null, Length, KvReadOptions.Stale, CancellationToken.None).IsCompletedSuccessfully;
        }
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private System.Diagnostics.Metrics.MeterListener Listen()
    {
        var listener = new System.Diagnostics.Metrics.MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "raftkv.reads" && instrument.Meter.Tags!.Any(t => NodeId.Equals(t.Value)))
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>(static (_, _, _, _) => { });
        listener.Start();
        return listener;
    }

    private Task<TestNode> StartOneOfTwoAsync(int number) => TestNode.StartAsConfiguredAsync(o =>
    {
        o.BeOneOf(number, _ports, Folder, $"{NodeId}-");
        o.ElectionTimeout = TimeSpan.FromMilliseconds(200);
        o.HeartbeatInterval = TimeSpan.FromMilliseconds(20);
        o.RequestTimeout = TimeSpan.FromSeconds(2);
    });
}
