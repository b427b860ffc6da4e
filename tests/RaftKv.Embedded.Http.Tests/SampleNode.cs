using System.Globalization;
using RaftKv.Testing;
using RaftKv.TestNode.Driver;

namespace RaftKv.Embedded.Http.Tests;

/// <summary>The sample WebApi as a process of its own.</summary>
internal sealed class SampleNode : IAsyncDisposable
{
    private readonly string _directory;
    private readonly int _raftPort = Ports.Take();
    private readonly WebProcess _process;

    public SampleNode(string name, string directory)
    {
        Name = name;
        _directory = directory;
        _process = new WebProcess(name, Program, Url);
    }

    /// <summary>The sample's assembly, which stands beside the tests.</summary>
    public static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "WebApi.dll");

    public string Name { get; }

    public int HttpPort { get; } = Ports.Take();

    public Uri Url => new($"http://127.0.0.1:{HttpPort}/");

    public string RaftAddress => $"127.0.0.1:{_raftPort}";

    public int ProcessId => _process.ProcessId;

    /// <summary>Starts the process and waits until the replica is open: only then can other nodes reach it.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _process.Start([], new Dictionary<string, string>
        {
            ["RAFT_NODE_ID"] = Name,
            ["SERVER_PORT"] = HttpPort.ToString(CultureInfo.InvariantCulture),
            ["RAFT_PORT"] = _raftPort.ToString(CultureInfo.InvariantCulture),
            ["RAFT_VOL_DIR"] = _directory,
            // A long election timeout, so that a busy machine does not cause elections.
            ["RaftKv__ElectionTimeout"] = "00:00:01",
        });
        await _process.WaitUntilAsync("v1/cluster", cancellationToken,
            status => !status.Contains("\"role\":\"opening\"", StringComparison.Ordinal));
    }

    /// <summary>SIGKILL.</summary>
    public Task KillAsync() => _process.KillAsync();

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
