using System.Diagnostics;

namespace RaftKv.Simulation;

/// <summary>The totals of all runs of a search.</summary>
internal sealed class SeedSearchTotals
{
    private readonly SortedDictionary<string, long> _faults = new(StringComparer.Ordinal);
    private TimeSpan _simulated;
    private (long Committed, long Acknowledged, long Reads, long Elections, long Steps) _done;
    private (long Decided, long GivenUp) _keys;
    private (long Changes, long Compacted) _watched;

    public long Runs { get; private set; }

    public void Add(SimulationReport report)
    {
        Runs++;
        _simulated += report.Simulated;
        _done = (_done.Committed + report.Committed, _done.Acknowledged + report.Acknowledged, _done.Reads + report.Reads, _done.Elections + report.Elections, _done.Steps + report.Steps);
        _keys = (_keys.Decided + report.Keys.Decided, _keys.GivenUp + report.Keys.GivenUp);
        _watched = (_watched.Changes + report.ChangesWatched, _watched.Compacted + report.WatchesCompacted);
        foreach (var (kind, number) in report.Faults)
            _faults[kind] = _faults.GetValueOrDefault(kind) + number;
    }

    public string Describe(TimeSpan elapsed, ulong failures)
    {
        var minutes = Process.GetCurrentProcess().TotalProcessorTime.TotalMinutes;
        return $"{elapsed:hh\\:mm\\:ss}  {Runs:N0} seeds, {failures} failed, {Runs / minutes:N0} per CPU minute, {_simulated.TotalHours:N2} hours simulated, {_done.Steps:N0} steps, {_done.Committed:N0} entries, "
            + $"{_done.Acknowledged:N0} writes acknowledged, {_done.Reads:N0} reads, {_done.Elections:N0} elections, {_keys.Decided:N0} histories linearizable, {_keys.GivenUp:N0} too costly to decide, "
            + $"{_watched.Changes:N0} changes watched, {_watched.Compacted:N0} times compacted";
    }

    public string DescribeFaults() => string.Join(", ", _faults.Select(f => $"{f.Key} {f.Value:N0}"));
}
