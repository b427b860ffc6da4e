using System.Collections.Concurrent;
using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using RaftKv.Embedded.Tests.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting.Measured;

/// <summary>
/// Telemetry through OpenTelemetry's own SDK, set up as in applications, with the names of <see cref="RaftKvTelemetry"/>.
/// </summary>
[Collection(nameof(TelemetryTests))]
public sealed class OpenTelemetryTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Durations_are_exported_in_buckets_of_fractions_of_a_second_and_syncs_are_no_traces()
    {
        var exporter = new Exporter();
        var spans = new ConcurrentQueue<Activity>();
        using var metrics = Sdk.CreateMeterProviderBuilder()
            .AddMeter(RaftKvTelemetry.MeterName).AddReader(new BaseExportingMetricReader(exporter)).Build();
        using var traces = Sdk.CreateTracerProviderBuilder()
            .AddSource(RaftKvTelemetry.ActivitySourceName).AddProcessor(new Processor(spans)).Build();
        await using var node = await TestNode.StartAsync(o => (o.NodeId, o.DataDirectory) = ("otel", _folder.Sub("data")));
        await node.Kv.SetAsync("key", "value"u8.ToArray(), cancellationToken: Cancel);
        await node.Kv.GetAsync("key", cancellationToken: Cancel);

        // A measurement of the log is made on a thread of its own.
        Eventually.Holds(() => metrics.ForceFlush() && exporter.Bounds.ContainsKey("raftkv.log.sync.duration"), "a sync is exported", 60);

        double[] expected = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, double.PositiveInfinity];
        foreach (var name in (string[])["raftkv.write.duration", "raftkv.read.duration", "raftkv.log.sync.duration"])
            Assert.Equal(expected, exporter.Bounds[name]);
        Assert.Contains(spans, s => s.OperationName == "raftkv.write" && s.Parent is null);
        Assert.Contains(spans, s => s.OperationName == "raftkv.read" && s.Parent is null);
        Assert.DoesNotContain(spans, s => s.OperationName == "raftkv.fsync");
    }

    private sealed class Exporter : BaseExporter<Metric>
    {
        public ConcurrentDictionary<string, double[]> Bounds { get; } = [];

        public override ExportResult Export(in Batch<Metric> batch)
        {
            foreach (var metric in batch)
            {
                if (metric.MetricType != MetricType.Histogram)
                    continue;
                foreach (ref readonly var point in metric.GetMetricPoints())
                {
                    var bounds = new List<double>();
                    foreach (var bucket in point.GetHistogramBuckets())
                        bounds.Add(bucket.ExplicitBound);
                    Bounds[metric.Name] = [.. bounds];
                }
            }
            return ExportResult.Success;
        }
    }

    private sealed class Processor(ConcurrentQueue<Activity> ended) : BaseProcessor<Activity>
    {
        public override void OnEnd(Activity data) => ended.Enqueue(data);
    }
}
