using System.Diagnostics;
using RaftKv.Embedded;

namespace RaftKv.Simulation.Mutations;

/// <summary>
/// Shows that the simulation finds bugs: every bug of the <see cref="Catalogue"/> is planted in the sources, which are compiled and run
/// until a seed finds the bug. A planted bug that no longer fits the sources, or is not found, is a failure.
/// </summary>
internal sealed class MutationTest(Arguments arguments)
{
    private readonly ulong _first = arguments.Number("--first", 0);
    private readonly ulong _seeds = arguments.Number("--seeds", 3_000);

    public int Run()
    {
        var only = arguments.List("--only");
        var mutations = Catalogue.All.Where(m => only.Count == 0 || only.Contains(m.Name)).ToList();
        using var sources = new MutableSources();
        // Checked before the long search: every edit must still fit.
        var unfit = mutations.SelectMany(m => m.Edits.Where(e => !sources.Fits(e)).Select(e => $"'{m.Name}' fits no single place in {e.File} any more")).ToList();
        unfit.ForEach(Console.WriteLine);
        Console.WriteLine("| planted bug | what is wrong | found by | in | seeds |");
        Console.WriteLine("| --- | --- | --- | --- | ---: |");
        var missed = mutations.Count(m => m.Edits.All(sources.Fits) && !IsFound(sources, m));
        Console.WriteLine($"{mutations.Count - missed - unfit.Count} of {mutations.Count} found in {Process.GetCurrentProcess().TotalProcessorTime.TotalMinutes:N1} CPU minutes");
        return missed + unfit.Count == 0 ? 0 : 1;
    }

    private bool IsFound(MutableSources sources, Mutation mutation)
    {
        var simulation = new PlantedSimulation(mutation.Name, sources.Compile(mutation));
        var storm = mutation.In?.ToString() ?? "";
        for (var seed = _first; seed < _first + _seeds; seed++)
        {
            if (simulation.FailureOf(seed, mutation.In) is not { } failure)
                continue;
            Console.WriteLine($"| `{mutation.Name}` | {mutation.What} | {NameOf(failure)} | {storm} | {seed - _first + 1} |");
            if (arguments.Has("--shrink") || arguments.Has("--lines"))
                simulation.Main(["--seed", $"{seed}", .. storm.Length > 0 ? ["--profile", storm] : Array.Empty<string>(), arguments.Has("--shrink") ? "--shrink" : "--lines", arguments.Text("--lines")]);
            return true;
        }
        Console.WriteLine($"| `{mutation.Name}` | {mutation.What} | **nothing** | {storm} | {_seeds} |");
        return false;
    }

    /// <summary>The name of the invariant; for a replica that stopped itself also the reason.</summary>
    private static string NameOf(string failure)
    {
        var parts = failure.Split('\n')[0].TrimEnd().Split(':', 2);
        return parts switch
        {
            ["No fault without a cause", var why] => $"the replica's own check: {why.Split(':')[^1].Trim()}",
            [var type, _] when type.EndsWith(nameof(RaftKvStorageException), StringComparison.Ordinal) => "a start that is refused without a cause",
            _ => parts[0],
        };
    }
}
