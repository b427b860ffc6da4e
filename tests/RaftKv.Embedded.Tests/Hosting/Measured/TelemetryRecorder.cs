using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace RaftKv.Embedded.Tests.Hosting.Measured;

/// <summary>
/// Records the instruments and the spans of one node, as an application's telemetry does. A listener to spans hears every node of the
/// process, so spans of other tests are left out.
/// </summary>
internal sealed class TelemetryRecorder : IDisposable
{
    private readonly string _nodeId;
    private readonly MeterListener _meters = new();
    private readonly ActivityListener _activities;
    private readonly ConcurrentQueue<Activity> _stopped = [];

    /// <param name="nodeId">The node whose instruments are listened to. Spans of nodes whose names begin with it are remembered.</param>
    /// <param name="sources">The sources of spans that are listened to.</param>
    public TelemetryRecorder(string nodeId, params string[] sources)
    {
        _nodeId = nodeId;
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            var isOfNode = instrument.Meter.Tags?.Any(t => t.Key == "raftkv.node" && nodeId.Equals(t.Value)) == true;
            if (!isOfNode || instrument.Meter.Name != RaftKvTelemetry.MeterName)
                return;
            Instruments[instrument.Name] = instrument;
            listener.EnableMeasurementEvents(instrument);
        };
        _meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _meters.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _meters.Start();
        _activities = new ActivityListener
        {
            ShouldListenTo = source => sources.Contains(source.Name),
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _stopped.Enqueue,
        };
        ActivitySource.AddActivityListener(_activities);
    }

    public ConcurrentDictionary<string, Instrument> Instruments { get; } = [];

    /// <summary>The spans that have ended, including spans that name no node but share a trace with one that does.</summary>
    public Activity[] Spans
    {
        get
        {
            var stopped = _stopped.ToArray();
            var traces = stopped.Where(IsOfNode).Select(s => s.TraceId).ToHashSet();
            return [.. stopped.Where(s => traces.Contains(s.TraceId))];
        }
    }

    private ConcurrentQueue<(string Name, double Value, (string Key, string Value)[] Tags)> Measurements { get; } = [];

    public void Dispose()
    {
        _meters.Dispose();
        _activities.Dispose();
    }

    /// <summary>The number of measurements of an instrument with these tags; further tags are allowed.</summary>
    public int Count(string name, params (string Key, string Value)[] tags) => Measured(name, tags).Count();

    /// <summary>The current value of a gauge or an observed counter.</summary>
    public double Observe(string name, params (string Key, string Value)[] tags)
    {
        _meters.RecordObservableInstruments();
        return Measured(name, tags).Last().Value;
    }

    /// <summary>The keys of the tags with which an instrument was measured.</summary>
    public IEnumerable<string> TagsOf(string name) =>
        Measured(name, []).SelectMany(m => m.Tags.Select(t => t.Key)).Distinct().Order(StringComparer.Ordinal);

    private IEnumerable<(string Name, double Value, (string Key, string Value)[] Tags)> Measured(
        string name, (string Key, string Value)[] tags) =>
        Measurements.Where(m => m.Name == name && tags.All(m.Tags.Contains));

    private bool IsOfNode(Activity span) =>
        span.GetTagItem("raftkv.node") is string node && node.StartsWith(_nodeId, StringComparison.Ordinal);

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var copied = new (string, string)[tags.Length];
        for (var i = 0; i < tags.Length; i++)
            copied[i] = (tags[i].Key, (string)tags[i].Value!);
        Measurements.Enqueue((instrument.Name, value, copied));
    }
}
