using System.Diagnostics;
using System.Globalization;

namespace RaftKv.Samples.ThreeNodeCluster;

/// <summary>
/// A node in a process of its own: this program again, in the mode <c>node</c>, with the article's environment variables.
/// </summary>
internal sealed class NodeProcess(string name, int httpPort, int raftPort, string dataDirectory) : IAsyncDisposable
{
    private const int LinesKept = 200;

    private readonly Queue<string> _output = new();
    private volatile Process? _process;

    public string Name => name;

    public Uri Url { get; } = new($"http://localhost:{httpPort}/");

    public string RaftAddress => $"localhost:{raftPort}";

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>The last lines it printed.</summary>
    public IReadOnlyList<string> Output
    {
        get
        {
            lock (_output)
                return [.. _output];
        }
    }

    public void Start()
    {
        if (IsRunning)
            throw new StepFailedException($"{name} is running already.");
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            UseShellExecute = false,
            RedirectStandardInput = true, // Held open while we live; its end tells the node that we do not.
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["RAFT_NODE_ID"] = name,
                ["SERVER_PORT"] = httpPort.ToString(CultureInfo.InvariantCulture),
                ["RAFT_PORT"] = raftPort.ToString(CultureInfo.InvariantCulture),
                ["RAFT_VOL_DIR"] = dataDirectory,
            },
        };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
            start.ArgumentList.Add(typeof(NodeProcess).Assembly.Location);
        start.ArgumentList.Add("node");
        start.ArgumentList.Add("--child");

        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        // Set last, because other threads read IsRunning: they must see a process that has started. The process before is left to its
        // finalizer.
        _process = process;
    }

    /// <summary>SIGKILL: the process gets no chance to write, to flush or to tell its peers.</summary>
    public async Task KillAsync()
    {
        if (_process is not { } process)
            return;
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process?.Dispose();
        _process = null;
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        lock (_output)
        {
            if (_output.Count == LinesKept)
                _output.Dequeue();
            _output.Enqueue(line);
        }
    }
}
