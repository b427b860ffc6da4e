using System.Text;
using RaftKv.Embedded.Records;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>A copy that differs from the majority is found, serves nothing, and is replaced.</summary>
public sealed class IntegrityTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly int[] _ports = FreePorts.Take(3);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_copy_that_differs_is_quarantined_and_replaced_while_the_others_serve(bool isLeader)
    {
        await using var cluster = await TestNodes.StartAsync(StartAsync, Cancel);
        var nodes = cluster.All;
        await WriteAsync(nodes[0], 500);
        await WaitAsync("a comparison", () => nodes.Any(n => n.Cluster.Status.VerifiedIndex > 0));
        var odd = nodes.First(n => n.Cluster.Status.Role == RaftKvRole.Leader == isLeader);
        var healthy = nodes.First(n => n != odd);
        // The snapshot that is taken below has the wrong state, and must not be used either.
        await WaitAsync("everything applied", () => nodes.All(n => n.Cluster.Status.AppliedIndex == nodes.Max(m => m.Cluster.Status.AppliedIndex)));
        using var watch = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        // The watch begins before the copy differs: a difference is found within a moment, and a quarantined node accepts no watch.
        var told = ReadAllAsync(odd.Kv.WatchAsync(KvKeyRange.Exactly("unused"), cancellationToken: watch.Token));
        await WaitAsync("a watch", () => odd.Cluster.Status.WatchCount > 0);
        var quarantined = FirstQuarantineAsync(odd, watch.Token);
        await CorruptAsync(odd, "k7");
        await odd.Cluster.TakeSnapshotAsync(Cancel);

        await WriteAsync(healthy, 200);
        var status = await quarantined.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        Assert.False(status.IsReady);
        Assert.Contains("differs from that of the majority", status.Quarantine);

        await WaitAsync("a replaced copy", () => odd.Cluster.Status is { Quarantine: null, IsReady: true });
        // Events of the wrong state may have been wrong, and so may their absence.
        await Assert.ThrowsAsync<RaftKvCompactedException>(() => told.WaitAsync(TimeSpan.FromSeconds(20), Cancel));
        await WriteAsync(healthy, 200);
        Assert.Equal(await RightAsync(), (await odd.Kv.GetAsync("k7", cancellationToken: Cancel)).WriteCount);
        var leader = nodes.Single(n => n.Cluster.Status.Role == RaftKvRole.Leader);
        var verified = leader.Cluster.Status.VerifiedIndex;
        await WriteAsync(healthy, 200);
        await WaitAsync("all copies alike", () => nodes.Max(n => n.Cluster.Status.VerifiedIndex) > verified);
        Assert.All(nodes, n => Assert.Null(n.Cluster.Status.Quarantine));

        // The state that a restart reads is right as well.
        await odd.StopAsync();
        await using var again = await StartAsync(Array.IndexOf(nodes, odd) + 1);
        await again.Cluster.WaitUntilReadyAsync(Cancel);
        Assert.Equal(await RightAsync(), (await again.Kv.GetAsync("k7", cancellationToken: Cancel)).WriteCount);

        async Task<long> RightAsync() => (await healthy.Kv.GetAsync("k7", cancellationToken: Cancel)).WriteCount;
    }

    /// <summary>Few writes are compared like many writes: the copies are compared at the last entry, whatever its index.</summary>
    [Fact]
    public async Task Copies_are_compared_at_the_last_write_whatever_its_index()
    {
        await using var cluster = await TestNodes.StartAsync(StartAsync, Cancel);
        var nodes = cluster.All;
        await nodes[0].Kv.SetAsync("k7", "right"u8.ToArray(), cancellationToken: Cancel);
        await WaitAsync("a comparison at the last write", () => nodes.Max(n => n.Cluster.Status.VerifiedIndex) >= nodes.Max(n => n.Cluster.Status.AppliedIndex));
        Assert.InRange(nodes.Max(n => n.Cluster.Status.AppliedIndex), 1, 63);
        var odd = nodes.First(n => n.Cluster.Status.Role != RaftKvRole.Leader);
        using var watch = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var quarantined = FirstQuarantineAsync(odd, watch.Token);

        await CorruptAsync(odd, "k7");

        Assert.Contains("differs from that of the majority", (await quarantined.WaitAsync(TimeSpan.FromSeconds(20), Cancel)).Quarantine);
        await WaitAsync("a replaced copy", () => odd.Cluster.Status is { Quarantine: null, IsReady: true });
    }

    /// <summary>Changes a record between two entries, as a defect of the store or of the machine would.</summary>
    private static async Task CorruptAsync(TestNode node, string key)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        node.Inside.Applier.Submit(new RaftKv.Embedded.Node.BetweenEntries(state =>
        {
            var store = state.Store;
            var name = Encoding.UTF8.GetBytes(key);
            store.TryGetHeader(name, out var header);
            store.Put(name, header with { WriteCount = header.WriteCount + 1, ValueChecksum = RecordSum.Checksum("wrong"u8) }, "wrong"u8);
            done.SetResult();
        }, done.SetCanceled));
        await done.Task;
        Assert.Equal("wrong", Encoding.UTF8.GetString((await node.Kv.GetAsync(key, KvReadOptions.Stale, Cancel)).Value.Span));
        await node.Kv.SetAsync(key, "value 7"u8.ToArray(), cancellationToken: Cancel);
    }

    private static async Task<RaftKvStatus> FirstQuarantineAsync(TestNode node, CancellationToken cancellationToken)
    {
        await foreach (var status in node.Cluster.WatchStatusAsync(cancellationToken))
        {
            if (status.Quarantine is not null)
                return status;
        }
        throw new InvalidOperationException("The node stopped.");
    }

    private static async Task ReadAllAsync(IAsyncEnumerable<KvEvent> events)
    {
        await foreach (var _ in events)
        {
        }
    }

    private static async Task WriteAsync(TestNode node, int count)
    {
        for (var i = 0; i < count; i += 50)
            await Task.WhenAll(Enumerable.Range(i, 50).Select(n => node.Kv.SetAsync($"k{n}", Encoding.UTF8.GetBytes($"value {n}"), cancellationToken: Cancel).AsTask()));
    }

    private static async Task WaitAsync(string what, Func<bool> holds)
    {
        for (var i = 0; i < 2000; i++)
        {
            if (holds())
                return;
            await Task.Delay(10, Cancel);
        }
        Assert.Fail($"No {what} in time.");
    }

    private Task<TestNode> StartAsync(int number) => TestNode.StartAsync(o =>
    {
        o.BeOneOf(number, _ports, _folder);
        o.ElectionTimeout = TimeSpan.FromSeconds(1);
        o.IntegrityCheckInterval = TimeSpan.FromMilliseconds(50);
    });
}
