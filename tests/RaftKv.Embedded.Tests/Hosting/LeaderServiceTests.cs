using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>Services that run on one node at a time, and jobs that run at most once per period.</summary>
public sealed class LeaderServiceTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly ConcurrentQueue<(int Node, long FencingToken)> _runs = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_service_runs_on_one_node_and_goes_to_another_when_its_host_stops()
    {
        var ports = FreePorts.Take(3);
        var nodes = new List<TestNode>();
        for (var i = 1; i <= 3; i++)
        {
            var number = i;
            nodes.Add(await TestNode.StartAsync(o => o.BeOneOf(number, ports, _folder), replica => replica.AddLeaderService(
                "mail", (leadership, _, end) => RunAsync(number, leadership, end), Fast)));
        }
        Eventually.Holds(() => _runs.Count == 1, "one node runs the service");
        var first = _runs.Single();
        var others = nodes.Where((_, i) => i != first.Node - 1).ToList();
        var status = await UntilKnownAsync(others[0], "mail");
        Assert.Equal($"node{first.Node}", status.NodeId);
        Assert.InRange(status.Since!.Value, DateTimeOffset.UtcNow.AddMinutes(-10), DateTimeOffset.UtcNow.AddSeconds(5));
        Assert.Equal((false, true), (status.RunsHere, (await Services(nodes[first.Node - 1]).GetStatusAsync("mail", Cancel)).RunsHere));

        await nodes[first.Node - 1].StopAsync();
        Eventually.Holds(() => _runs.Count == 2, "another node runs the service");

        Assert.NotEqual(first.Node, _runs.Last().Node);
        Assert.True(_runs.Last().FencingToken > first.FencingToken);
        foreach (var node in nodes)
            await node.DisposeAsync();
    }

    [Fact]
    public async Task A_service_that_throws_begins_again_on_a_new_instance_and_the_host_lives()
    {
        await using var node = await StartAsync(replica =>
        {
            replica.Services.AddSingleton<Report>();
            replica.AddLeaderService<FailsTwice>(configure: Fast);
        });
        var report = node.Services.GetRequiredService<Report>();
        Eventually.Holds(() => report.Instances.Count == 3, "the third instance runs");

        Assert.Equal(3, report.Instances.Distinct().Count());
        var status = await UntilKnownAsync(node, nameof(FailsTwice));
        Assert.Equal(2, status.Failures);
        var failure = new RaftKvLeaderServiceFailure { ExceptionType = "System.TimeoutException", Message = "It failed." };
        Assert.Equal(failure, status.LastFailure);
        Assert.Equal(status, JsonSerializer.Deserialize<RaftKvLeaderServiceStatus>(JsonSerializer.Serialize(status)));
        Assert.Equal([nameof(FailsTwice)], Services(node).Names);
        await node.Kv.SetStringAsync("k", "the node serves", cancellationToken: Cancel);
    }

    [Fact]
    public async Task A_service_that_returns_begins_again()
    {
        await using var node = await StartAsync(replica => replica.AddLeaderService("short", (_, _) =>
        {
            _runs.Enqueue((1, 0));
            return Task.CompletedTask;
        }, Fast));

        Eventually.Holds(() => _runs.Count >= 3, "it has run three times");
    }

    [Fact]
    public async Task Work_is_cancelled_when_the_host_begins_to_stop_and_its_end_is_awaited()
    {
        var ended = 0;
        var node = await StartAsync(replica => replica.AddLeaderService("work", async (_, end) =>
        {
            _runs.Enqueue((1, 0));
            await Task.Delay(Timeout.Infinite, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Task.Yield();
            Interlocked.Increment(ref ended);
        }, Fast));
        // There is more than one run when the leadership was lost meanwhile.
        Eventually.Holds(() => !_runs.IsEmpty, "it runs");

        await node.StopAsync();

        Assert.Equal(_runs.Count, ended);
    }

    [Fact]
    public async Task A_job_does_not_run_twice_in_a_period()
    {
        var starts = new ConcurrentQueue<long>();
        await using var node = await StartAsync(replica => replica.RunOncePer(
            TimeSpan.FromSeconds(1), "report", (_, _) =>
            {
                starts.Enqueue(Stopwatch.GetTimestamp());
                return starts.Count == 2 ? throw new InvalidOperationException("The second run fails.") : Task.CompletedTask;
            }, Fast));
        Eventually.Holds(() => starts.Count >= 4, "it has run four times");

        // The rate of log time differs from that of the leader's clock by less than a tenth.
        var pauses = starts.Zip(starts.Skip(1), Stopwatch.GetElapsedTime);
        Assert.All(pauses, pause => Assert.True(pause > TimeSpan.FromSeconds(0.8), $"The next run came after {pause}."));
    }

    [Fact]
    public async Task A_run_that_its_host_broke_off_is_not_repeated_in_its_period()
    {
        for (var start = 0; start < 2; start++)
        {
            await using var node = await StartAsync(replica => replica.RunOncePer(
                TimeSpan.FromHours(1), "report", async (_, end) =>
                {
                    _runs.Enqueue((1, 0));
                    await Task.Delay(Timeout.Infinite, end);
                }, Fast));
            if (start == 0)
                Eventually.Holds(() => _runs.Count == 1, "the job runs");
            else
                await UntilKnownAsync(node, "report");
        }
        Assert.Single(_runs);
    }

    [Fact]
    public async Task Nothing_runs_a_service_that_no_node_has_added()
    {
        await using var node = await StartAsync(replica => replica.AddLeaderService("a", Nothing));

        var status = await Services(node).GetStatusAsync("other", Cancel);
        Assert.Equal(new RaftKvLeaderServiceStatus { Name = "other" }, status);
    }

    [Fact]
    public void A_name_is_given_once_and_options_have_limits()
    {
        var plain = new ServiceCollection().AddRaftKv(o => o.DataDirectory = "a");
        var keyed = plain.Services.AddKeyedRaftKv("orders", o => o.DataDirectory = "b");
        plain.AddLeaderService("mail", Nothing);
        keyed.AddLeaderService("mail", Nothing);

        Assert.Throws<InvalidOperationException>(() => plain.RunOncePer(TimeSpan.FromMinutes(1), "mail", Nothing));
        Assert.Throws<InvalidOperationException>(() => keyed.AddLeaderService("mail", Nothing));
        Assert.Throws<ArgumentOutOfRangeException>(() => plain.RunOncePer(TimeSpan.FromMilliseconds(999), "job", Nothing));
        Assert.Throws<ArgumentOutOfRangeException>(() => plain.AddLeaderService("s", Nothing, o => o.TimeToLive = TimeSpan.Zero));
        Assert.Throws<ArgumentOutOfRangeException>(() => plain.AddLeaderService("s", Nothing, o => o.MaxBackoff = TimeSpan.Zero));
    }

    private Task<TestNode> StartAsync(Action<IRaftKvBuilder> extend) => TestNode.StartAsync(o => o.DataDirectory = _folder.Path, extend);

    private static void Fast(RaftKvLeaderServiceOptions options) => options.MinBackoff = TimeSpan.FromMilliseconds(20);

    private static Task Nothing(IServiceProvider services, CancellationToken end) => Task.CompletedTask;

    private static IRaftKvLeaderServices Services(TestNode node) => node.Services.GetRequiredService<IRaftKvLeaderServices>();

    private async Task RunAsync(int node, KvLock leadership, CancellationToken end)
    {
        _runs.Enqueue((node, leadership.FencingToken.Value));
        await Task.Delay(Timeout.Infinite, end);
    }

    private static async Task<RaftKvLeaderServiceStatus> UntilKnownAsync(TestNode node, string name)
    {
        for (var clock = Stopwatch.StartNew(); ; await Task.Delay(20, Cancel))
        {
            var status = await Services(node).GetStatusAsync(name, Cancel);
            if (status.NodeId is not null)
                return status;
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60), $"No node runs {name}.");
        }
    }

    private sealed class Report
    {
        public ConcurrentQueue<object> Instances { get; } = [];
    }

    private sealed class FailsTwice(Report report) : IRaftKvLeaderService
    {
        public async Task RunAsync(KvLock leadership, CancellationToken cancellationToken)
        {
            report.Instances.Enqueue(this);
            if (report.Instances.Count < 3)
                throw new TimeoutException("It failed.");
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
    }
}
