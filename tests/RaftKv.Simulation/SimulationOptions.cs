namespace RaftKv.Simulation;

/// <summary>How a run differs from what its seed alone says.</summary>
public sealed record SimulationOptions
{
    public static SimulationOptions Default { get; } = new();

    /// <summary>How many of the last events are kept as text.</summary>
    public int TranscriptLines { get; init; }

    /// <summary>The storm of the run, whatever the seed says; <c>null</c> for the storm that the seed draws.</summary>
    public Profile? Profile { get; init; }

    /// <summary>After this many steps a run ends without a failure.</summary>
    public long MaxSteps { get; init; } = long.MaxValue;

    /// <summary>Faults left out, by their number in the run.</summary>
    public IReadOnlySet<ulong> Skip { get; init; } = new HashSet<ulong>();

    /// <summary>Traits of the swarm that are set by hand.</summary>
    public Traits Traits { get; init; } = Traits.None;
}
