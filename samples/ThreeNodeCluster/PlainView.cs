using System.Diagnostics;

namespace RaftKv.Samples.ThreeNodeCluster;

/// <summary>One line for each step, with the time since the start.</summary>
internal sealed class PlainView : IView
{
    private readonly Stopwatch _elapsed = Stopwatch.StartNew();
    private readonly Cluster _cluster;

    public PlainView(string title, Cluster cluster)
    {
        _cluster = cluster;
        Console.WriteLine(title);
    }

    public void Begin(string title) => Print(title);

    public void Step(string text) => Print("  " + text);

    public async Task EndAsync(string? failure)
    {
        Print("  " + MemberTable.Line(await MemberWatch.AskAsync(_cluster, CancellationToken.None)));
        Print(failure is null ? "  ok" : "  FAILED: " + failure);
    }

    public ValueTask DisposeAsync() => default;

    private void Print(string text) => Console.WriteLine($"{_elapsed.Elapsed.TotalSeconds,7:0.000}  {text}");
}
