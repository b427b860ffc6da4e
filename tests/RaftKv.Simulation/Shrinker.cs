namespace RaftKv.Simulation;

/// <summary>
/// Makes a failing run smaller: first the swarm, with a shorter time, fewer callers and nodes, and without whole traits of the network and
/// the load; then it leaves out faults, half of them, a quarter, one. What still breaks the same invariant in fewer steps is kept. A change
/// of a run changes everything that comes after it, so a smaller swarm is tried with some other seeds as well.
/// </summary>
/// <param name="seed">The seed of the run that fails.</param>
/// <param name="options">How that run differs from what the seed says.</param>
/// <param name="run">Runs a seed.</param>
/// <param name="say">Is told of each smaller run.</param>
public sealed class Shrinker(ulong seed, SimulationOptions options, Func<ulong, SimulationOptions, SimulationReport> run, Action<string> say)
{
    private const ulong OtherSeeds = 40;

    private static readonly (string Trait, object Value)[] Simpler =
    [
        (nameof(Swarm.Callers), 1), (nameof(Swarm.Callers), 2), (nameof(Swarm.Callers), 4), (nameof(Swarm.ThinkTime), 50 * VirtualTime.Millisecond), (nameof(Swarm.Spares), 0),
        (nameof(Swarm.Founders), 1), (nameof(Swarm.Founders), 2), (nameof(Swarm.Founders), 3), (nameof(Swarm.Keys), 1), (nameof(Swarm.LossPercent), 0L), (nameof(Swarm.LatePercent), 0L),
        (nameof(Swarm.DuplicatePercent), 0L), (nameof(Swarm.Drift), 0L), (nameof(Swarm.Membership), false), (nameof(Swarm.Cancels), false), (nameof(Swarm.Leases), false), (nameof(Swarm.Transactions), false),
        (nameof(Swarm.Lifetimes), false), (nameof(Swarm.Alone), false), (nameof(Swarm.FaultInterval), 3 * VirtualTime.Second),
    ];

    private SimulationReport _report = run(seed, options);

    /// <summary>The smallest run so far.</summary>
    public ulong Seed { get; private set; } = seed;

    /// <inheritdoc cref="Seed"/>
    public SimulationOptions Options { get; private set; } = options;

    public int Tries { get; private set; }

    /// <summary>How many steps the smallest run takes.</summary>
    public long Steps => _report.Steps;

    /// <returns>Whether the run fails at all.</returns>
    public bool Shrink()
    {
        if (_report.Failure is null)
            return false;
        long before;
        do
        {
            before = Steps;
            Shorten();
            foreach (var (trait, value) in Simpler)
                TrySimpler(Options.Traits.With(trait, value));
        }
        while (Steps < before * 9 / 10);
        LeaveOutFaults();
        return true;
    }

    private void Shorten()
    {
        for (var length = _report.Simulated.Ticks / 2; length > VirtualTime.Second / 4; length /= 2)
        {
            if (!TrySimpler(Options.Traits.With(nameof(Swarm.Length), length)))
                break;
        }
    }

    private bool TrySimpler(Traits traits)
    {
        var smaller = Options with { Traits = traits };
        if (Try(Seed, smaller))
            return true;
        for (var other = 0UL; other < OtherSeeds; other++)
        {
            if (Try(other, smaller with { Skip = new HashSet<ulong>() }))
                return true;
        }
        return false;
    }

    private void LeaveOutFaults()
    {
        for (var size = Math.Max(1, _report.FaultTurns / 2); size >= 1; size /= 2)
        {
            for (var from = 0UL; from < _report.FaultTurns; from += size)
            {
                var skip = Options.Skip.ToHashSet();
                for (var n = from; n < Math.Min(from + size, _report.FaultTurns); n++)
                    skip.Add(n);
                if (skip.Count > Options.Skip.Count)
                    Try(Seed, Options with { Skip = skip }, orAsLong: true);
            }
        }
    }

    private bool Try(ulong seed, SimulationOptions smaller, bool orAsLong = false)
    {
        Tries++;
        var most = orAsLong ? Steps : Steps - 1;
        var report = run(seed, smaller with { MaxSteps = most });
        if (report.Invariant != _report.Invariant || report.Steps > most)
            return false;
        (Seed, Options, _report) = (seed, smaller, report);
        say($"  {report.Steps:N0} steps: {FailurePrinter.CommandFor(seed, smaller)}");
        return true;
    }
}
