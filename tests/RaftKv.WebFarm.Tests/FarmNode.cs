using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using RaftKv.TestNode.Driver;

namespace RaftKv.WebFarm.Tests;

/// <summary>One server of the sample WebFarm, a process of its own.</summary>
internal sealed class FarmNode(int number, string peers, string directory) : IAsyncDisposable
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "WebFarm.dll");

    private readonly int _httpPort = Ports.Take();
    private readonly ConcurrentQueue<string> _output = new();
    private Process? _process;
    private HttpClient? _http;

    public string Name => $"node{number}";

    public bool IsRunning => _process is not null;

    /// <summary>Keeps no cookies: a test that wants them sends them.</summary>
    public HttpClient Http => _http ??= new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = new Uri($"http://127.0.0.1:{_httpPort}/"), Timeout = TimeSpan.FromSeconds(60) };

    public void Start()
    {
        var start = new ProcessStartInfo(NodeProgram.DotNet, ["exec", Program, "--node", number.ToString(CultureInfo.InvariantCulture), "--peers", peers, "--data", directory, "--urls", Http.BaseAddress!.ToString()])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                // Patient, so that a busy machine does not hold elections of its own.
                ["RaftKv__ElectionTimeout"] = "00:00:00.5",
                ["RaftKv__RequestTimeout"] = "00:00:30",
            },
        };
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        _process.ErrorDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Waits until it serves.</summary>
    public async Task WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        for (var clock = Stopwatch.StartNew(); ; await Task.Delay(50, cancellationToken))
        {
            if (_process!.HasExited || clock.Elapsed > TimeSpan.FromSeconds(60))
                throw new InvalidOperationException($"{Name} does not serve: {Output}");
            try
            {
                using var ready = await Http.GetAsync("readyz", cancellationToken);
                if (ready.IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }
        }
    }

    public string Output => string.Join('\n', _output);

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

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _http?.Dispose();
    }
}
