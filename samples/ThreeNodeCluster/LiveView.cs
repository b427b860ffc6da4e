using System.Diagnostics;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace RaftKv.Samples.ThreeNodeCluster;

/// <summary>The members, the chapters so far and the steps of the current one, redrawn several times a second.</summary>
internal sealed class LiveView : IView
{
    private const int StepsShown = 7;

    private readonly string _title;
    private readonly MemberWatch _watch;
    private readonly Stopwatch _elapsed = Stopwatch.StartNew();
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly List<string> _chapters = [];
    private readonly List<(string Text, TimeSpan Since)> _steps = [];
    private readonly Task _drawing;
    private string _chapter = "";
    private TimeSpan _chapterSince;

    public LiveView(string title, Cluster cluster)
    {
        _title = title;
        _watch = new MemberWatch(cluster);
        _drawing = Task.Run(DrawAsync);
    }

    public void Begin(string title)
    {
        lock (_lock)
        {
            _chapter = title;
            _chapterSince = _elapsed.Elapsed;
            _steps.Clear();
        }
    }

    public void Step(string text)
    {
        lock (_lock)
            _steps.Add((text, _elapsed.Elapsed));
    }

    public Task EndAsync(string? failure)
    {
        lock (_lock)
        {
            var seconds = (_elapsed.Elapsed - _chapterSince).TotalSeconds;
            _chapters.Add(failure is null
                ? $"[green]✓[/] {Markup.Escape(_chapter)} [grey]{seconds:0.0} s[/]"
                : $"[red]✗ {Markup.Escape(_chapter)}: {Markup.Escape(failure)}[/]");
            _chapter = "";
            _steps.Clear();
        }
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _drawing;
        await _watch.DisposeAsync();
        _stop.Dispose();
    }

    private Task DrawAsync() => AnsiConsole.Live(Picture()).StartAsync(async live =>
    {
        while (!_stop.IsCancellationRequested)
        {
            live.UpdateTarget(Picture());
            await Task.Delay(80, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        live.UpdateTarget(Picture());
    });

    private Rows Picture()
    {
        var rows = new List<IRenderable>
        {
            new Markup($"[bold]{Markup.Escape(_title)}[/]  [grey]{_elapsed.Elapsed.TotalSeconds:0.0} s[/]"),
            MemberTable.Draw(_watch.Latest),
        };
        lock (_lock)
        {
            rows.AddRange(_chapters.Select(c => new Markup(c)));
            if (_chapter.Length > 0)
                rows.Add(new Markup($"[bold]▸ {Markup.Escape(_chapter)}[/]"));
            for (var i = Math.Max(0, _steps.Count - StepsShown); i < _steps.Count; i++)
                rows.Add(StepLine(i));
        }
        return new Rows(rows);
    }

    private Markup StepLine(int i)
    {
        var (text, since) = _steps[i];
        var isCurrent = i == _steps.Count - 1;
        var seconds = ((isCurrent ? _elapsed.Elapsed : _steps[i + 1].Since) - since).TotalSeconds;
        return new Markup(isCurrent
            ? $"    [yellow]…[/] {Markup.Escape(text)} [grey]{seconds:0.0} s[/]"
            : $"    [green]✓[/] [grey]{Markup.Escape(text)} {seconds:0.0} s[/]");
    }
}
