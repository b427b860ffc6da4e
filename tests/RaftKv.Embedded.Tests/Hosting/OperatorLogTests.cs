using Microsoft.Extensions.Logging;
using RaftKv.Embedded.Tests.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>
/// Log lines for operators: the version at start, when a node is ready, and a lost quorum with the names of the silent nodes.
/// </summary>
public sealed class OperatorLogTests : IDisposable
{
    private const int Started = 100, Ready = 142, NoLeader = 145, LeaderKnownAgain = 146;

    private readonly TestFolder _folder = new();
    private readonly int[] _ports = FreePorts.Take(3);
    private readonly RecordingLogger _log = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_lost_quorum_is_a_warning_that_names_the_silent_nodes_until_there_is_a_leader_again()
    {
        await using var cluster = await TestNodes.StartAsync(number => StartAsync(number, number == 1 ? _log : null), Cancel);
        _log.Await(Started);
        Assert.Contains(_log.Lines, l => l.Id == Started && l.Text.Contains($"RaftKv.Embedded {typeof(IDistributedKv).Assembly.GetName().Version!.ToString(3)}", StringComparison.Ordinal));
        await UntilAsync(l => l.Id == Ready && l.Level == LogLevel.Information && l.Text.Contains("node1 is ready", StringComparison.Ordinal));
        Assert.DoesNotContain(_log.Lines, l => l.Text.Contains("Removed", StringComparison.Ordinal));
        var members = string.Join(", ", _ports.Select((port, i) => $"node{i + 1} (voter, 127.0.0.1:{port})"));
        Assert.Contains($"node1 uses the configuration of entry 1: {members}.", _log.Lines.Select(l => l.Text));

        await cluster.All[1].StopAsync();
        await cluster.All[2].StopAsync();
        await UntilAsync(l => l.Id == NoLeader && l.Level == LogLevel.Warning && l.Text.Contains("node2 and node3 do not answer", StringComparison.Ordinal));

        await using var back = await StartAsync(2, null);
        await UntilAsync(l => l.Id == LeaderKnownAgain && l.Level == LogLevel.Information);
    }

    private Task<TestNode> StartAsync(int number, ILoggerProvider? log) => TestNode.StartAsConfiguredAsync(o => o.BeOneOf(number, _ports, _folder), log: log);

    private async Task UntilAsync(Func<(int Id, LogLevel Level, string Text), bool> holds)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(90));
        while (!_log.Lines.Any(holds))
            await Task.Delay(50, limit.Token);
    }
}
