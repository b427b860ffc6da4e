using System.Diagnostics;

namespace RaftKv.Fuzz;

/// <summary>Runs the inputs of a seed against one target, and measures the time and the allocation of each.</summary>
public sealed class FuzzRun
{
    /// <summary>Far longer than an input that takes a millisecond can take on a busy machine.</summary>
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(30);

    private const int CheckEvery = 10_000;

    private readonly string _name;
    private readonly ulong _seed;
    private readonly Func<FuzzTarget> _create;
    private readonly long _first;
    private readonly long _count;
    private long _number;
    private long _startedAt;
    private string? _failure;

    private FuzzRun(string name, Func<FuzzTarget> create, ulong seed, long first, long count) =>
        (_name, _create, _seed, _first, _count) = (name, create, seed, first, count);

    /// <summary>The names of all targets.</summary>
    public static IReadOnlyList<string> Targets => [.. FuzzTargets.All.Keys];

    public long Accepted { get; private set; }

    public long Inputs { get; private set; }

    public TimeSpan Slowest { get; private set; }

    public long MostAllocated { get; private set; }

    public TimeSpan Took { get; private set; }

    /// <summary>Null if all inputs were handled as required; else the input that was not, and the command that runs it again.</summary>
    public string? Failure => _failure;

    /// <summary>
    /// Runs <paramref name="count"/> inputs of a seed against a target, beginning with number <paramref name="first"/>. <paramref
    /// name="progress"/> is called once a second.
    /// </summary>
    public static FuzzRun Of(string target, ulong seed, long count, long first = 0, Action<FuzzRun>? progress = null)
    {
        var run = new FuzzRun(target, FuzzTargets.All[target], seed, first, count);
        var worker = new Thread(run.Work) { IsBackground = true, Name = $"fuzz-{target}" };
        var clock = Stopwatch.StartNew();
        worker.Start();
        while (!worker.Join(TimeSpan.FromSeconds(1)))
        {
            run.Took = clock.Elapsed;
            progress?.Invoke(run);
            var started = Volatile.Read(ref run._startedAt);
            if (started != 0 && Stopwatch.GetElapsedTime(started) > Hang)
            {
                run._failure = run.Describe("hangs");
                break;
            }
        }
        run.Took = clock.Elapsed;
        return run;
    }

    public override string ToString() =>
        $"{_name}: {Inputs:N0} inputs in {Took.TotalSeconds:N0} s, {Accepted:N0} accepted, slowest {Slowest.TotalMilliseconds:N1} ms, most allocated {MostAllocated / 1024:N0} KiB";

    private void Work()
    {
        try
        {
            using var target = _create();
            var mutator = new Mutator(_seed, target.Corpus);
            foreach (var good in target.Corpus)
                target.Take([.. good], isAuthentic: true);
            for (_number = _first; _number < _first + _count && _failure is null; _number++)
                Take(target, mutator);
            target.Check();
        }
        catch (Exception e)
        {
            _failure ??= Describe(e.ToString());
        }
    }

    private void Take(FuzzTarget target, Mutator mutator)
    {
        var input = mutator.Make(_number, out var reseal);
        if (reseal)
            target.Reseal(input);
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var started = Stopwatch.GetTimestamp();
        Volatile.Write(ref _startedAt, started);
        if (target.Take(input, reseal))
            Accepted++;
        var took = Stopwatch.GetElapsedTime(started);
        Volatile.Write(ref _startedAt, 0);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        Inputs++;
        (Slowest, MostAllocated) = (took > Slowest ? took : Slowest, Math.Max(MostAllocated, allocated));
        if (allocated > target.MaxAllocatedBytes)
            _failure = Describe($"allocates {allocated:N0} bytes for {input.Length:N0}");
        if (Inputs % CheckEvery == 0)
            target.Check();
    }

    private string Describe(string what) =>
        $"input {_number} of seed {_seed} {what}{Environment.NewLine}dotnet run --project tests/RaftKv.Fuzz -c Release -- --target {_name} --seed {_seed} --first {_number} --count 1";
}
