using System.Diagnostics;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;
using RaftKv.Embedded.Tests.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting.Measured;

/// <summary>
/// The tables of docs/operations.md have every instrument with its kind, unit and tags, every span with its source, kind, parent and
/// attributes, and no other.
/// </summary>
[Collection(nameof(TelemetryTests))]
public sealed partial class DocumentedNamesTests : MeasuredNodeTests
{
    [Fact]
    public async Task Instruments_and_spans_are_documented_as_they_are_and_no_other()
    {
        using var recorder = new TelemetryRecorder(NodeId, RaftKvTelemetry.ActivitySourceName, RaftKvTelemetry.LogActivitySourceName);
        await using (var node = await StartAsync(b => b.AddDistributedCache()))
            await UseAllAsync(node, recorder);

        string TagsOf(string name) => string.Join(", ", recorder.TagsOf(name));
        var documented = await File.ReadAllLinesAsync(Repository.PathOf("docs", "operations.md"), Cancel);
        Assert.Equal(
            Sorted(Rows(documented, "| instrument |").Select(row => string.Join(" | ", row[0], row[1], row[2], Quoted(row[3])))),
            Sorted(recorder.Instruments.Values.Select(i => string.Join(" | ", $"`{i.Name}`", KindOf(i), i.Unit, TagsOf(i.Name)))));
        var spans = recorder.Spans;
        Assert.Equal(
            Sorted(Rows(documented, "| span |").Select(row => string.Join(" | ", row[0], row[1], row[2], row[3], Quoted(row[4])))),
            Sorted(spans.Select(s => Describe(s, spans)).Distinct()));
    }

    /// <summary>Makes every instrument measure something, and every span happen.</summary>
    private async Task UseAllAsync(TestNode node, TelemetryRecorder recorder)
    {
        await node.Kv.SetAsync("key", "value"u8.ToArray(), new KvSetOptions { TimeToLive = TimeSpan.FromMilliseconds(100) }, Cancel);
        await node.Kv.GetAsync("key", cancellationToken: Cancel);
        var cache = node.Services.GetRequiredService<IDistributedCache>();
        await cache.SetAsync("c", [1], Cancel);
        await cache.GetAsync("c", Cancel);
        await cache.RefreshAsync("c", Cancel);
        await cache.RemoveAsync("c", Cancel);
        await using (await node.Coordination.AcquireLockAsync("l", cancellationToken: Cancel))
        {
            // Released at the end of the block.
        }
        await node.Cluster.TakeSnapshotAsync(Cancel);
        node.Inside.Telemetry.Stalled(new RaftKvStall { Cause = RaftKvStallCause.Fsync, Duration = TimeSpan.FromSeconds(1), At = DateTimeOffset.UtcNow, Detail = "a stall" });
        await using var follower = await TestNode.StartAsync(o => (o.NodeId, o.DataDirectory) = ($"{NodeId}-2", Folder.Sub("follower")));
        await node.Cluster.AddMemberAsync($"{NodeId}-2", follower.Cluster.Status.Address, Cancel);
        await follower.Cluster.WaitUntilReadyAsync(Cancel);
        await follower.Kv.SetAsync("key", default, cancellationToken: Cancel);
        recorder.Observe("raftkv.keys.expired");
        // These are measured on a thread of their own.
        string[] counters = ["raftkv.stalls", "raftkv.elections", "raftkv.snapshots", "raftkv.leases.ended", "raftkv.locks.ended"];
        Eventually.Holds(() => counters.All(name => recorder.Count(name) > 0), "all counters have counted", 60);
        Eventually.Holds(() => recorder.Spans.Any(s => s.OperationName == "raftkv.lead"), "the leader has its span", 60);
        Eventually.Holds(() => recorder.Spans.Any(s => s.OperationName == "raftkv.fsync"), "a sync has its span", 60);
    }

    private static string KindOf(System.Diagnostics.Metrics.Instrument instrument)
    {
        var type = instrument.GetType().Name;
        if (type.StartsWith("Histogram", StringComparison.Ordinal))
            return "histogram";
        return type.Contains("Counter", StringComparison.Ordinal) ? "counter" : "gauge";
    }

    private static string Describe(Activity span, Activity[] all)
    {
        var parent = all.FirstOrDefault(s => s.SpanId == span.ParentSpanId)?.OperationName;
        var isCall = span.TagObjects.Any(t => t.Key == "db.operation.name");
        var under = isCall ? "the caller's" : parent is null ? "none" : $"`{parent}`";
        var attributes = string.Join(", ", span.TagObjects.Select(t => t.Key).Order(StringComparer.Ordinal));
        return $"`{span.OperationName}` | `{span.Source.Name}` | {span.Kind.ToString().ToLowerInvariant()} | {under} | {attributes}";
    }

    private static IEnumerable<string[]> Rows(string[] lines, string header) =>
        lines.SkipWhile(l => !l.StartsWith(header, StringComparison.Ordinal)).Skip(2)
            .TakeWhile(l => l.StartsWith("| ", StringComparison.Ordinal))
            .Select(l => l.Split('|').Skip(1).Select(cell => cell.Trim()).ToArray());

    private static string Quoted(string cell) => string.Join(", ", Sorted(Name().Matches(cell).Select(m => m.Groups[1].Value)));

    private static IEnumerable<string> Sorted(IEnumerable<string> names) => names.Order(StringComparer.Ordinal);

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Name();
}
