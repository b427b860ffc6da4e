using RaftKv.Simulation;
using RaftKv.Simulation.Mutations;

if (args.Length == 0 || args[0] is "--help" or "-h")
{
    Console.WriteLine(Arguments.Help);
    return 2;
}
var arguments = new Arguments(args);
if (arguments.Has("--mutations"))
    return new MutationTest(arguments).Run();
if (!arguments.Has("--seed"))
    return new SeedSearch(arguments).Run();

var seed = arguments.Number("--seed", 0);
if (arguments.Has("--shrink"))
    return Shrink();
var report = SimulationReport.Of(seed, arguments.Options with { TranscriptLines = (int)arguments.Number("--lines", 200) });
FailurePrinter.Print(report, arguments.Options);
return report.Failure is null ? 0 : 1;

int Shrink()
{
    var shrinker = new Shrinker(seed, arguments.Options, SimulationReport.Of, Console.WriteLine);
    Console.WriteLine($"shrinking {shrinker.Steps:N0} steps");
    if (!shrinker.Shrink())
    {
        Console.WriteLine($"seed {seed} does not fail.");
        return 2;
    }
    Console.WriteLine($"after {shrinker.Tries} tries:");
    FailurePrinter.Print(SimulationReport.Of(shrinker.Seed, shrinker.Options with { TranscriptLines = 200 }), shrinker.Options);
    return 1;
}
