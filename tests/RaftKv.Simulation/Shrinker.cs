namespace RaftKv.Simulation;

/// <summary>
/// Makes a failing run smaller: ends it sooner, leaves out faults (half of them, a quarter, one), then callers, nodes, and whole traits of the network and the load. What still breaks the same
/// invariant is kept.
/// </summary>
internal sealed class Shrinker(ulong seed, SimulationOptions options)
{
    private SimulationOptions _options = options;
    private SimulationReport _report = SimulationReport.Of(seed, options);
    private int _tries;

    public int Run()
    {
        if (_report.Failure is null)
        {
            Console.WriteLine($"seed {seed} does not fail.");
            return 2;
        }
        var invariant = _report.Invariant;
        Console.WriteLine($"fails with {_report.FaultTurns} faults, {_report.Steps:N0} steps: {_report.Failure}");
        for (var before = -1; before != _tries;)
        {
            before = _tries;
            var steps = _report.Steps;
            Shorten(invariant);
            LeaveOutFaults(invariant);
            Simplify(invariant);
            if (_report.Steps >= steps)
                break;
        }
        Console.WriteLine($"after {_tries} tries:");
        FailurePrinter.Print(SimulationReport.Of(seed, _options with { TranscriptLines = 200 }), _options);
        return 1;
    }

    private void Shorten(string? invariant)
    {
        for (var length = _report.Simulated.Ticks / 2; length > VirtualTime.Second / 2; length /= 2)
            Try(invariant, _options with { Traits = _options.Traits.With(nameof(Swarm.Length), length) });
    }

    private void LeaveOutFaults(string? invariant)
    {
        for (var size = Math.Max(1, _report.FaultTurns / 2); size >= 1; size /= 2)
        {
            for (var from = 0UL; from < _report.FaultTurns; from += size)
            {
                var skip = _options.Skip.ToHashSet();
                for (var n = from; n < Math.Min(from + size, _report.FaultTurns); n++)
                    skip.Add(n);
                if (skip.Count > _options.Skip.Count)
                    Try(invariant, _options with { Skip = skip });
            }
        }
    }

    private void Simplify(string? invariant)
    {
        (string Trait, object Value)[] simpler =
        [
            (nameof(Swarm.Callers), 1), (nameof(Swarm.Callers), 2), (nameof(Swarm.Spares), 0), (nameof(Swarm.Founders), 1), (nameof(Swarm.Founders), 2), (nameof(Swarm.Founders), 3), (nameof(Swarm.Keys), 1), (nameof(Swarm.LossPercent), 0L),
            (nameof(Swarm.LatePercent), 0L), (nameof(Swarm.DuplicatePercent), 0L), (nameof(Swarm.Drift), 0L), (nameof(Swarm.Membership), false), (nameof(Swarm.Cancels), false), (nameof(Swarm.Leases), false),
            (nameof(Swarm.Alone), false), (nameof(Swarm.ThinkTime), 50 * VirtualTime.Millisecond),
        ];
        foreach (var (trait, value) in simpler)
            Try(invariant, _options with { Traits = _options.Traits.With(trait, value) });
    }

    private void Try(string? invariant, SimulationOptions smaller)
    {
        _tries++;
        var report = SimulationReport.Of(seed, smaller);
        if (report.Invariant != invariant || report.Steps > _report.Steps)
            return;
        (_options, _report) = (smaller, report);
        Console.WriteLine($"  {report.Steps:N0} steps: {FailurePrinter.CommandFor(seed, smaller)}");
    }
}
