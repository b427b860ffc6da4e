using System.Globalization;
using RaftKv.Testing;
using RaftKv.TestNode.Driver;

namespace RaftKv.WebFarm.Tests;

/// <summary>One server of the sample WebFarm, a process of its own.</summary>
internal sealed class FarmNode : IAsyncDisposable
{
    private readonly int _number;
    private readonly string _peers;
    private readonly string _directory;
    private readonly TimeSpan _requestTimeout;
    private readonly WebProcess _process;

    /// <param name="requestTimeout">How long a call waits for a quorum.</param>
    public FarmNode(int number, string peers, string directory, TimeSpan requestTimeout)
    {
        _requestTimeout = requestTimeout;
        _number = number;
        _peers = peers;
        _directory = directory;
        var url = new Uri($"http://127.0.0.1:{Ports.Take()}/");
        Http = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = url, Timeout = TimeSpan.FromSeconds(60) };
        _process = new WebProcess(Name, "WebFarm.dll", url);
    }

    public string Name => $"node{_number}";

    public bool IsRunning => _process.IsRunning;

    /// <summary>Keeps no cookies: a test that wants them sends them.</summary>
    public HttpClient Http { get; }

    public string Output => _process.Output;

    public void Start()
        => _process.Start(
            ["--node", _number.ToString(CultureInfo.InvariantCulture), "--peers", _peers, "--data", _directory, "--urls", Http.BaseAddress!.ToString()],
            new Dictionary<string, string>
            {
                // A long election timeout, so that a busy machine does not cause elections.
                ["RaftKv__ElectionTimeout"] = "00:00:00.5",
                // The default is meant for machines that reboot.
                ["RaftKv__ReplacedDiskTimeout"] = "00:00:03",
                ["RaftKv__RequestTimeout"] = _requestTimeout.ToString(),
            });

    /// <summary>Waits until it serves.</summary>
    public Task WaitUntilReadyAsync(CancellationToken cancellationToken) => _process.WaitUntilAsync("readyz", cancellationToken);

    /// <summary>Waits until its process answers, whether it serves or not.</summary>
    public Task WaitUntilAliveAsync(CancellationToken cancellationToken) => _process.WaitUntilAsync("livez", cancellationToken);

    /// <summary>SIGTERM; returns when the process has ended.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _process.StopAsync(cancellationToken);

    /// <summary>Deletes the data directory. The process must not run.</summary>
    public void Wipe() => Directory.Delete(_directory, recursive: true);

    /// <summary>SIGKILL.</summary>
    public Task KillAsync() => _process.KillAsync();

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        Http.Dispose();
    }
}
