namespace RaftKv.Simulation;

/// <summary>What one run did, and how it ended.</summary>
/// <param name="Seed">Replays it.</param>
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
    public long Faults { get; init; }

    /// <summary>Equal for equal runs.</summary>
    public string Fingerprint => $"{Simulated.Ticks} {Steps} {Committed} {Acknowledged} {Reads} {Elections} {Failure}";

    /// <summary>Runs one seed.</summary>
    public static SimulationReport Of(ulong seed, int transcriptLines = 0)
    {
        var simulation = new Simulation(seed, transcriptLines);
        string? failure = null;
        try
        {
            simulation.Run();
        }
        catch (Exception e)
        {
            failure = e is Invariants.BrokenInvariantException ? e.Message : e.ToString();
        }
        return new SimulationReport(seed, failure, simulation.Transcript.Lines)
        {
            Simulated = TimeSpan.FromTicks(simulation.Time.Now),
            Steps = simulation.Time.Steps,
            Committed = simulation.History.Last.Index,
            Acknowledged = simulation.Acknowledged,
            Reads = simulation.ReadsAnswered,
            Elections = simulation.Elections,
            Faults = simulation.Faults.Injected,
        };
    }
}
