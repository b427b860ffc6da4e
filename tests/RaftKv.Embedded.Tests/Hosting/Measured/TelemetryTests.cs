using System.Collections.Concurrent;
using System.Diagnostics;
using RaftKv.Embedded.Tests.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting.Measured;

/// <summary>The names of instruments and spans that dashboards rely on.</summary>
[Collection(nameof(TelemetryTests))]
public sealed class TelemetryTests : MeasuredNodeTests
{
    [Fact]
    public async Task The_instruments_report_under_their_node()
    {
        using var recorder = new TelemetryRecorder(NodeId);
        await using var node = await StartAsync();
        await node.Kv.SetAsync("key", "value"u8.ToArray(), cancellationToken: Cancel);
        await node.Cluster.TakeSnapshotAsync(Cancel);

        Assert.Equal(1, recorder.Observe("raftkv.keys"));
        Assert.Equal(1, recorder.Observe("raftkv.leader"));
        Assert.Equal(1, recorder.Observe("raftkv.ready"));
        Assert.True(recorder.Observe("raftkv.index.applied") > 0);
        Assert.True(recorder.Observe("raftkv.index.committed") >= recorder.Observe("raftkv.index.applied"));
        Assert.True(recorder.Observe("raftkv.term") > 0);
        Assert.True(recorder.Observe("raftkv.log.entries") > 0);
        Assert.Equal(1, recorder.Count("raftkv.write.duration", ("outcome", "applied")));
        // These are measured on a thread of their own.
        Eventually.Holds(() => recorder.Count("raftkv.snapshots", ("outcome", "taken")) == 1
            && recorder.Count("raftkv.log.sync.duration") > 0 && recorder.Count("raftkv.elections") > 0, "all of them report", 60);
    }

    [Fact]
    public async Task A_write_is_a_span_under_its_callers_with_its_parts_under_it()
    {
        var ended = new ConcurrentQueue<Activity>();
        using var application = new ActivitySource($"test-{NodeId}");
        using var listener = Record(application, ended);
        await using var node = await StartAsync();
        ActivityTraceId trace;
        using (var call = application.StartActivity("call"))
        {
            trace = call!.TraceId;
            await node.Kv.SetAsync("key", "value"u8.ToArray(), cancellationToken: Cancel);
        }

        var spans = ended.Where(a => a.TraceId == trace).ToArray();
        var write = Assert.Single(spans, a => a.OperationName == "raftkv.write");
        Assert.Equal(("applied", "set"), (write.GetTagItem("raftkv.outcome"), write.GetTagItem("db.operation.name")));
        Assert.Equal(ActivityStatusCode.Unset, write.Status);
        foreach (var part in (string[])["raftkv.propose", "raftkv.replicate", "raftkv.apply"])
            Assert.Equal(write.SpanId, Assert.Single(spans, a => a.OperationName == part).ParentSpanId);
        Assert.Null(Activity.Current);
    }

    [Fact]
    public async Task A_sync_of_the_log_is_a_trace_only_for_those_who_listen_to_the_log()
    {
        using var recorder = new TelemetryRecorder(NodeId, RaftKvTelemetry.ActivitySourceName);
        await using (var node = await StartAsync())
            await node.Kv.SetAsync("key", "value"u8.ToArray(), cancellationToken: Cancel);
        Assert.Contains(recorder.Spans, a => a.OperationName == "raftkv.write");
        Assert.DoesNotContain(recorder.Spans, a => a.OperationName == "raftkv.fsync");

        using var ofLog = new TelemetryRecorder(NodeId, RaftKvTelemetry.LogActivitySourceName);
        await using var again = await StartAsync();
        await again.Kv.SetAsync("key", "value"u8.ToArray(), cancellationToken: Cancel);
        Eventually.Holds(() => ofLog.Spans.Length > 0, "a sync is traced", 60);
        Assert.All(ofLog.Spans, sync => Assert.Equal(("raftkv.fsync", null), (sync.OperationName, sync.Parent)));
    }

    [Fact]
    public async Task Only_the_leader_measures_how_far_members_are_behind()
    {
        string[] names = [$"{NodeId}-2", $"{NodeId}-3"];
        using var leads = new TelemetryRecorder(NodeId);
        using var follows = new TelemetryRecorder(names[0]);
        await using var leader = await StartAsync();
        await leader.Kv.SetAsync("founded", default, cancellationToken: Cancel);
        await using var follower = await StartAndAddAsync(names[0]);
        await using var other = await StartAndAddAsync(names[1]);
        Eventually.Holds(() => follower.Cluster.Status.Members.Any(m => m.Lag is not null), "the leader has told its members' lag", 60);

        Assert.Equal(0, follows.Observe("raftkv.leader"));
        Assert.Empty(follows.TagsOf("raftkv.member.lag"));
        Assert.True(leads.Observe("raftkv.member.lag", ("member", names[1])) >= 0);

        async Task<TestNode> StartAndAddAsync(string name)
        {
            var node = await TestNode.StartAsync(o => (o.NodeId, o.DataDirectory) = (name, Folder.Sub(name)));
            await leader.Cluster.AddMemberAsync(name, node.Cluster.Status.Address, Cancel);
            return node;
        }
    }

    [Fact]
    public async Task A_forwarded_write_has_a_span_on_the_leader_in_the_callers_trace()
    {
        var ended = new ConcurrentQueue<Activity>();
        using var application = new ActivitySource($"test-{NodeId}");
        using var listener = Record(application, ended);
        await using var leader = await StartAsync();
        await leader.Kv.SetAsync("founded", default, cancellationToken: Cancel);
        await using var follower = await TestNode.StartAsync(o => (o.NodeId, o.DataDirectory) = ("follower", Folder.Sub("follower")));
        await leader.Cluster.AddMemberAsync("follower", follower.Cluster.Status.Address, Cancel);
        await follower.Cluster.WaitUntilReadyAsync(Cancel);
        ActivityTraceId trace;
        using (var call = application.StartActivity("call"))
        {
            trace = call!.TraceId;
            await follower.Kv.SetAsync("key", "value"u8.ToArray(), cancellationToken: Cancel);
        }

        // The follower may have applied the write, and answered, before the leader's turn is over.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (!ended.Any(a => a.TraceId == trace && a.OperationName == "raftkv.lead"))
            await Task.Delay(5, limit.Token);
        var write = Assert.Single(ended, a => a.TraceId == trace && a.OperationName == "raftkv.write");
        var led = Assert.Single(ended, a => a.TraceId == trace && a.OperationName == "raftkv.lead");
        Assert.Equal((write.SpanId, ActivityKind.Server), (led.ParentSpanId, led.Kind));
    }

    private static ActivityListener Record(ActivitySource application, ConcurrentQueue<Activity> ended)
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "RaftKv" || source == application,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = ended.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }
}
