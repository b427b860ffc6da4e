using Spectre.Console;

namespace RaftKv.Samples.ThreeNodeCluster;

/// <summary>Shows the progress of a long job.</summary>
internal interface IProgressLine
{
    /// <summary>A part of the job begins; the part before is done.</summary>
    void Begin(string what, int total);

    void Advance();

    /// <summary>Prints a line of its own.</summary>
    void Note(string what);

    /// <summary>
    /// Runs the job with a progress bar, or with a line now and then when the output is not a terminal. Then runs the function that the job
    /// returned.
    /// </summary>
    static async Task<int> RunAsync(Func<IProgressLine, Task<Func<int>>> job)
    {
        Func<int>? summarize = null;
        if (Console.IsOutputRedirected)
            summarize = await job(new PlainProgress());
        else
            await AnsiConsole.Progress()
                .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn(),
                    new SpinnerColumn())
                .StartAsync(async context => summarize = await job(new BarProgress(context)));
        return summarize!();
    }
}

internal sealed class BarProgress(ProgressContext context) : IProgressLine
{
    private ProgressTask? _task;

    public void Begin(string what, int total) => _task = context.AddTask(Markup.Escape(what), maxValue: total);

    public void Advance() => _task?.Increment(1);

    public void Note(string what) => AnsiConsole.MarkupLineInterpolated($"[yellow]{what}[/]");
}

internal sealed class PlainProgress : IProgressLine
{
    private string _what = "";
    private int _total, _done;

    public void Begin(string what, int total) => (_what, _total, _done) = (what, total, 0);

    public void Advance()
    {
        var done = Interlocked.Increment(ref _done);
        // A line for each fifth.
        if (5L * done / _total != 5L * (done - 1) / _total)
            Console.WriteLine($"{_what}: {done:N0} of {_total:N0}");
    }

    public void Note(string what) => Console.WriteLine(what);
}
