namespace RaftKv.Samples.ThreeNodeCluster;

/// <summary>Shows a run while it happens.</summary>
internal interface IView : IAsyncDisposable
{
    /// <summary>A chapter of the run begins.</summary>
    void Begin(string title);

    /// <summary>What is happening now; what was happening before is done.</summary>
    void Step(string text);

    /// <summary>The chapter is over: well, or for this reason not.</summary>
    Task EndAsync(string? failure);

    /// <summary>A live picture on a terminal; plain lines where the output goes into a file or a build log.</summary>
    static IView Open(string title, Cluster cluster) =>
        Console.IsOutputRedirected || !Spectre.Console.AnsiConsole.Profile.Capabilities.Ansi ? new PlainView(title, cluster) : new LiveView(title, cluster);
}
