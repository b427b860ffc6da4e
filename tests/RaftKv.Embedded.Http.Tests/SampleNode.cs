using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using RaftKv.TestNode.Driver;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>The sample WebApi as a process of its own.</summary>
internal sealed class SampleNode(string name, string directory) : IAsyncDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    private readonly int _httpPort = Ports.Take();
    private readonly int _raftPort = Ports.Take();
    private readonly ConcurrentQueue<string> _output = new();
    private Process? _process;

    /// <summary>The sample's assembly, which stands beside the tests.</summary>
    public static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "WebApi.dll");

    public string Name => name;

    public Uri Url => new($"http://127.0.0.1:{_httpPort}/");

    public int HttpPort => _httpPort;

    public string RaftAddress => $"127.0.0.1:{_raftPort}";

    public int ProcessId => _process!.Id;

    /// <summary>Starts it and waits until it answers.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(NodeProgram.DotNet, ["exec", Program])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["RAFT_NODE_ID"] = name,
                ["SERVER_PORT"] = _httpPort.ToString(CultureInfo.InvariantCulture),
                ["RAFT_PORT"] = _raftPort.ToString(CultureInfo.InvariantCulture),
                ["RAFT_VOL_DIR"] = directory,
                // Patient, so that a busy machine does not hold elections of its own.
                ["RaftKv__ElectionTimeout"] = "00:00:01",
            },
        };
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        _process.ErrorDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        using var http = new HttpClient { BaseAddress = Url };
        for (var clock = Stopwatch.StartNew(); ; await Task.Delay(50, cancellationToken))
        {
            if (_process.HasExited || clock.Elapsed > _patience)
                throw new InvalidOperationException($"{name} does not answer: {string.Join('\n', _output)}");
            try
            {
                await http.GetStringAsync("livez", cancellationToken);
                return;
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }
        }
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        if (_process is null)
            return;
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    public async ValueTask DisposeAsync() => await KillAsync();
}
