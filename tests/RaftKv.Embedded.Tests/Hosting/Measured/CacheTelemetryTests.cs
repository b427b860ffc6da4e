using System.Buffers;
using System.Diagnostics;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting.Measured;

/// <summary>Metrics and spans of operations of the distributed cache.</summary>
[Collection(nameof(TelemetryTests))]
public sealed class CacheTelemetryTests : MeasuredNodeTests
{
    private const string Durations = "raftkv.cache.operation.duration";

    [Fact]
    public async Task Hits_misses_and_writes_are_measured_by_every_method()
    {
        using var recorder = new TelemetryRecorder(NodeId);
        await using var node = await StartWithCacheAsync();
        var cache = (IBufferDistributedCache)node.Services.GetRequiredService<IDistributedCache>();
        var options = new DistributedCacheEntryOptions { SlidingExpiration = TimeSpan.FromMinutes(1) };
        var buffer = new ArrayBufferWriter<byte>();

        cache.Set("a", [1, 2], options);
        await cache.SetAsync("b", [1], options, Cancel);
        cache.Set("c", new ReadOnlySequence<byte>([1]), options);
        await cache.SetAsync("d", new ReadOnlySequence<byte>([1]), options, Cancel);
        Assert.Equal([1, 2], cache.Get("a"));
        Assert.Equal([1], await cache.GetAsync("b", Cancel));
        Assert.True(cache.TryGet("c", buffer));
        Assert.True(await cache.TryGetAsync("d", buffer, Cancel));
        Assert.Null(await cache.GetAsync("none", Cancel));
        Assert.False(cache.TryGet("none", buffer));
        cache.Refresh("a");
        await cache.RefreshAsync("b", Cancel);
        cache.Remove("a");
        await cache.RemoveAsync("b", Cancel);
        await Assert.ThrowsAsync<RaftKvLimitExceededException>(() => cache.SetAsync(new string('k', 100_000), [1], options, Cancel));

        Assert.Equal(4, recorder.Count(Durations, ("operation", "get"), ("outcome", "hit")));
        Assert.Equal(2, recorder.Count(Durations, ("operation", "get"), ("outcome", "miss")));
        Assert.Equal(4, recorder.Count(Durations, ("operation", "set"), ("outcome", "ok")));
        Assert.Equal(1, recorder.Count(Durations, ("operation", "set"), ("outcome", "failed")));
        Assert.Equal(2, recorder.Count(Durations, ("operation", "refresh"), ("outcome", "ok")));
        Assert.Equal(2, recorder.Count(Durations, ("operation", "remove"), ("outcome", "ok")));
    }

    [Fact]
    public async Task An_operation_is_a_span_under_its_callers_with_its_read_or_write_under_it()
    {
        using var application = new ActivitySource($"test-{NodeId}");
        using var recorder = new TelemetryRecorder(NodeId, RaftKvTelemetry.ActivitySourceName, application.Name);
        await using var node = await StartWithCacheAsync();
        var cache = node.Services.GetRequiredService<IDistributedCache>();
        using var call = application.StartActivity("call");

        await cache.SetAsync("a", [1], new DistributedCacheEntryOptions(), Cancel);
        cache.Get("a");
        await cache.GetAsync("none", Cancel);
        await Assert.ThrowsAsync<RaftKvLimitExceededException>(() => cache.RemoveAsync(new string('k', 100_000), Cancel));

        Assert.Same(call, Activity.Current);
        var spans = recorder.Spans.Where(s => s.ParentSpanId == call!.SpanId).ToArray();
        Assert.Equal(
            [
                ("raftkv.cache.set", "set", "ok"), ("raftkv.cache.get", "get", "hit"), ("raftkv.cache.get", "get", "miss"),
                ("raftkv.cache.remove", "remove", "failed"),
            ],
            spans.Select(s => (s.OperationName, (string)s.GetTagItem("db.operation.name")!, (string)s.GetTagItem("raftkv.outcome")!)));
        Assert.Equal(["raftkv.write"], recorder.Spans.Where(s => s.ParentSpanId == spans[0].SpanId).Select(s => s.OperationName));
        Assert.Equal(["raftkv.read"], recorder.Spans.Where(s => s.ParentSpanId == spans[1].SpanId).Select(s => s.OperationName));
        Assert.Equal(ActivityStatusCode.Error, spans[3].Status);
        Assert.Equal(typeof(RaftKvLimitExceededException).FullName, spans[3].GetTagItem("error.type"));
    }

    private Task<TestNode> StartWithCacheAsync() =>
        StartAsync(b => b.AddDistributedCache(o => o.Consistency = KvConsistency.Linearizable));
}
