using System.Diagnostics;

namespace RaftKv.Simulation;

/// <summary>Runs seed after seed, and prints its progress.</summary>
internal sealed class SeedSearch(Arguments arguments)
{
    /// <summary>How many of the last events are shown of a run that failed.</summary>
    private const int TranscriptLines = 60;

    private static readonly TimeSpan SayEvery = TimeSpan.FromSeconds(15);

    private readonly Lock _gate = new();
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly SeedSearchTotals _totals = new();
    private readonly ulong _first = arguments.Number("--first", 0);
    private readonly ulong _count = arguments.Number("--seeds", ulong.MaxValue / 2);
    private readonly TimeSpan _limit = arguments.Duration("--for", TimeSpan.MaxValue);
    private readonly ulong _enough = arguments.Number("--failures", 5);
    private readonly bool _showsFingerprints = arguments.Has("--fingerprints");
    private readonly SimulationOptions _options = arguments.Options;
    private ulong _next;
    private ulong _failures;
    private TimeSpan _said;

    public int Run()
    {
        var others = Enumerable.Range(1, (int)arguments.Number("--parallel", 1) - 1).Select(_ => new Thread(RunSeeds)).ToList();
        others.ForEach(thread => thread.Start());
        RunSeeds();
        others.ForEach(thread => thread.Join());
        Console.WriteLine(_totals.Describe(_watch.Elapsed, _failures));
        Console.WriteLine(_totals.DescribeFaults());
        return _failures == 0 ? 0 : 1;
    }

    private void RunSeeds()
    {
        while (TryTake(out var seed))
        {
            var report = SimulationReport.Of(seed, _options);
            lock (_gate)
            {
                _totals.Add(report);
                if (_showsFingerprints)
                    Console.WriteLine($"seed {report.Seed}: {report.Fingerprint}");
                if (report.Failure is not null)
                    Tell(report);
                if (_watch.Elapsed - _said < SayEvery)
                    continue;
                _said = _watch.Elapsed;
                Console.WriteLine(_totals.Describe(_watch.Elapsed, _failures));
            }
        }
    }

    private bool TryTake(out ulong seed)
    {
        lock (_gate)
        {
            seed = _first + _next;
            if (_next >= _count || _watch.Elapsed >= _limit || _failures >= _enough)
                return false;
            _next++;
            return true;
        }
    }

    private void Tell(SimulationReport report)
    {
        _failures++;
        Console.WriteLine($"seed {report.Seed} fails after {_totals.Runs} seeds: {report.Failure}");
        // Runs the seed again, with a transcript.
        FailurePrinter.Print(SimulationReport.Of(report.Seed, _options with { TranscriptLines = TranscriptLines }), _options);
    }
}
