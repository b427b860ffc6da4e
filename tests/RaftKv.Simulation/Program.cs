using System.Diagnostics;
using RaftKv.Simulation;

// --seed N            replays one seed and prints the last events (--lines K of them)
// --seeds N           runs seeds 0 to N-1 (from --first F)
// --for 2m            hunts for so long, and stops at the first five failures
var arguments = args.Chunk(2).ToDictionary(pair => pair[0], pair => pair.Length > 1 ? pair[1] : "");
if (arguments.TryGetValue("--seed", out var one))
{
    var report = SimulationReport.Of(ulong.Parse(one), int.Parse(arguments.GetValueOrDefault("--lines", "200")));
    foreach (var line in report.Transcript)
        Console.WriteLine(line);
    Console.WriteLine(report.Failure ?? "every invariant held");
    Console.WriteLine(report.Fingerprint);
    return report.Failure is null ? 0 : 1;
}
var first = ulong.Parse(arguments.GetValueOrDefault("--first", "0"));
var count = arguments.TryGetValue("--seeds", out var seeds) ? ulong.Parse(seeds) : ulong.MaxValue / 2;
var limit = arguments.TryGetValue("--for", out var length) ? Duration(length) : TimeSpan.MaxValue;
return Hunt.Run(first, count, limit);

static TimeSpan Duration(string text) => text[^1] switch
{
    's' => TimeSpan.FromSeconds(double.Parse(text[..^1])),
    'm' => TimeSpan.FromMinutes(double.Parse(text[..^1])),
    'h' => TimeSpan.FromHours(double.Parse(text[..^1])),
    _ => throw new ArgumentException($"'{text}' is not a duration such as 90s, 2m or 1h."),
};
