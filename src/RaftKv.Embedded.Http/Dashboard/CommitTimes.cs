using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace RaftKv.Embedded.Http.Dashboard;

/// <summary>
/// How long the last 4,096 writes of a node took, from the call to the outcome. The durations come from the replica's own meter, which this
/// class listens to until it is disposed.
/// </summary>
internal sealed class CommitTimes : IDisposable
{
    private const string Writes = "raftkv.write.duration";
    private const int Kept = 4096;

    private readonly MeterListener _listener = new();
    private readonly Lock _gate = new();
    private readonly (long At, double Milliseconds)[] _ring = new (long, double)[Kept];
    private int _next;

    /// <param name="nodeId">The node whose writes are recorded; a process may have more than one node.</param>
    /// <param name="cluster">The name of the node's cluster; <c>null</c> for the cluster of <c>AddRaftKv</c>.</param>
    public CommitTimes(string nodeId, string? cluster)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == Writes && instrument.Meter.Name == RaftKvTelemetry.MeterName
                && Equals(Tag(instrument, RaftKvTelemetry.NodeTag), nodeId) && Equals(Tag(instrument, RaftKvTelemetry.ClusterTag), cluster))
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<double>((_, seconds, tags, _) => Add(seconds, tags));
        _listener.Start();
    }

    /// <returns>The median and the longest duration of the writes that ended within the last <paramref name="time"/>, in milliseconds;
    /// <c>null</c> when there was none.</returns>
    public (double Median, double Longest)? Within(TimeSpan time)
    {
        var since = Stopwatch.GetTimestamp() - (long)(time.TotalSeconds * Stopwatch.Frequency);
        double[] times;
        lock (_gate)
            times = [.. _ring.Where(w => w.At > since).Select(w => w.Milliseconds)];
        if (times.Length == 0)
            return null;
        Array.Sort(times);
        return (times[times.Length / 2], times[^1]);
    }

    public void Dispose() => _listener.Dispose();

    private static object? Tag(Instrument instrument, string name) => instrument.Meter.Tags?.FirstOrDefault(t => t.Key == name).Value;

    // A write that failed says nothing about the latency of commits.
    private void Add(double seconds, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (var tag in tags)
        {
            if (tag.Key == "outcome" && tag.Value is "refused" or "unknown")
                return;
        }
        lock (_gate)
        {
            _ring[_next] = (Stopwatch.GetTimestamp(), Math.Round(seconds * 1000, 2));
            _next = (_next + 1) % Kept;
        }
    }
}
