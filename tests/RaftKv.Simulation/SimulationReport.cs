namespace RaftKv.Simulation;

/// <summary>What one run did, and how it ended.</summary>
/// <param name="Seed">The seed, which replays the run.</param>
/// <param name="Failure"><c>null</c> when every invariant held.</param>
/// <param name="Transcript">The last things that happened, if asked for.</param>
public sealed record SimulationReport(ulong Seed, string? Failure, IReadOnlyCollection<string> Transcript)
{
    public TimeSpan Simulated { get; init; }
    public long Steps { get; init; }
    public long Committed { get; init; }
    public long Acknowledged { get; init; }
    public long Reads { get; init; }
    public int Elections { get; init; }

    /// <summary>Keys whose history of calls is linearizable, and those where it was too costly to decide.</summary>
    public (int Decided, int GivenUp) Keys { get; init; }

    /// <summary>Faults by kind.</summary>
    public IReadOnlyDictionary<string, long> Faults { get; init; } = new Dictionary<string, long>();

    /// <summary>How many times a fault could be injected.</summary>
    public ulong FaultTurns { get; init; }

    /// <summary>Changes that watchers were told, and compared.</summary>
    public long ChangesWatched { get; init; }

    /// <summary>How often a watcher was told that the next change is gone.</summary>
    public long WatchesCompacted { get; init; }

    /// <summary>Equal for equal runs.</summary>
    public string Fingerprint => $"{Simulated.Ticks} {Steps} {Committed} {Acknowledged} {Reads} {Elections} {Failure}";

    /// <summary>The invariant that broke, without the circumstances.</summary>
    public string? Invariant => Failure?.Split(':')[0];

    /// <summary>Runs one seed as it is.</summary>
    public static SimulationReport Of(ulong seed, int transcriptLines = 0) => Of(seed, SimulationOptions.Default with { TranscriptLines = transcriptLines });

    /// <summary>Runs one seed in a certain storm; without a name, in that which the seed says.</summary>
    public static SimulationReport Of(ulong seed, string profile) =>
        Of(seed, SimulationOptions.Default with { Profile = profile.Length > 0 ? Enum.Parse<Profile>(profile) : null });

    internal static SimulationReport Of(ulong seed, SimulationOptions options)
    {
        var simulation = new Simulation(seed, options);
        string? failure = null;
        try
        {
            simulation.Run();
        }
        catch (OutOfStepsException)
        {
            // Not a failure: the caller set the limit, and sees the steps in the report.
        }
        catch (Exception e)
        {
            failure = e is Invariants.BrokenInvariantException ? e.Message : e.ToString();
        }
        var faults = simulation.Faults.Injected;
        var (lost, late, repeated) = simulation.Network.Disturbed;
        (faults["MessageLost"], faults["MessageLate"], faults["MessageRepeated"]) = (lost, late, repeated);
        return new SimulationReport(seed, failure, simulation.Transcript.Lines)
        {
            Simulated = TimeSpan.FromTicks(simulation.Time.Now),
            Steps = simulation.Time.Steps,
            Committed = simulation.History.Last.Index,
            Acknowledged = simulation.Acknowledged,
            Reads = simulation.ReadsAnswered,
            Elections = simulation.Elections,
            Keys = simulation.Linearizable.Keys,
            Faults = faults,
            FaultTurns = simulation.Faults.Turns,
            ChangesWatched = simulation.Watches.Compared,
            WatchesCompacted = simulation.Watches.Compactions,
        };
    }
}
