namespace RaftKv.Samples.ThreeNodeCluster;

/// <summary>Shows a run while it happens.</summary>
internal interface IView : IAsyncDisposable
{
    /// <summary>A chapter of the run begins.</summary>
    void Begin(string title);

    /// <summary>A step begins; the step before is done.</summary>
    void Step(string text);

    /// <summary>The chapter is over. <paramref name="failure"/> says why it failed; <c>null</c> when it succeeded.</summary>
    Task EndAsync(string? failure);

    /// <summary>A live picture on a terminal; plain lines where the output goes into a file or a build log.</summary>
    static IView Open(string title, Cluster cluster) =>
        Console.IsOutputRedirected || !Spectre.Console.AnsiConsole.Profile.Capabilities.Ansi
            ? new PlainView(title, cluster)
            : new LiveView(title, cluster);
}
