using RaftKv.Fuzz;

// --target NAME       one target; all of them without it
// --count N           how many inputs each (20,000)
// --seed N            of which seed (1)
// --first N           beginning with this one
var arguments = args.Chunk(2).ToDictionary(pair => pair[0], pair => pair.Length > 1 ? pair[1] : "");
var count = long.Parse(arguments.GetValueOrDefault("--count", "20000"));
var seed = ulong.Parse(arguments.GetValueOrDefault("--seed", "1"));
var first = long.Parse(arguments.GetValueOrDefault("--first", "0"));
var failures = 0;
foreach (var target in arguments.TryGetValue("--target", out var one) ? [one] : FuzzRun.Targets)
{
    var said = TimeSpan.Zero;
    var run = FuzzRun.Of(target, seed, count, first, progress =>
    {
        if (progress.Took - said < TimeSpan.FromSeconds(30))
            return;
        said = progress.Took;
        Console.WriteLine(progress);
    });
    Console.WriteLine(run);
    if (run.Failure is not { } failure)
        continue;
    Console.WriteLine($"FAILED: {failure}");
    failures++;
}
return failures == 0 ? 0 : 1;
