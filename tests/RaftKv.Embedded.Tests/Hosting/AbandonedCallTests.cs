using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RaftKv.Embedded.Node;
using Xunit;

namespace RaftKv.Embedded.Tests.Hosting;

/// <summary>
/// A call that was cancelled may fail afterwards. Its exception must be observed: an application may treat
/// <see cref="TaskScheduler.UnobservedTaskException"/> as a defect. The event is one for the process, so these tests run alone.
/// </summary>
[CollectionDefinition(nameof(AbandonedCallTests), DisableParallelization = true)]
[Collection(nameof(AbandonedCallTests))]
public sealed class AbandonedCallTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestFolder _folder = new();
    private readonly ConcurrentQueue<Exception> _unobserved = new();

    public AbandonedCallTests()
    {
        // What other tests have left.
        Collect();
        TaskScheduler.UnobservedTaskException += OnUnobserved;
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        TaskScheduler.UnobservedTaskException -= OnUnobserved;
        _folder.Dispose();
    }

    [Fact]
    public async Task A_call_that_was_cancelled_and_fails_later_leaves_no_unobserved_exception()
    {
        var ports = FreePorts.Take(2);
        await using var node = await TestNode.StartAsync(o =>
        {
            o.NodeId = "node1";
            o.DataDirectory = _folder.Sub("lonely");
            o.ListenAddress = $"127.0.0.1:{ports[0]}";
            o.RequestTimeout = TimeSpan.FromMilliseconds(500);
            o.InitialMembers.Add(new() { NodeId = "node1", Address = o.ListenAddress });
            o.InitialMembers.Add(new() { NodeId = "node2", Address = $"127.0.0.1:{ports[1]}" });
        });

        await AbandonAsync(node);
        // It is completed after those that were abandoned.
        await Assert.ThrowsAsync<RaftKvUnavailableException>(async () => await node.Kv.GetAsync("k", cancellationToken: Cancel));
        await Task.Yield();
        Collect();

        Assert.DoesNotContain(_unobserved, e => e is RaftKvUnavailableException);
    }

    [Fact]
    public async Task A_host_that_stops_while_its_replica_opens_leaves_no_unobserved_exception()
    {
        using var opens = new ManualResetEventSlim();
        await StopWhileOpeningAsync(opens);
        // Leaves the frames of what has ended.
        await Task.Yield();
        Collect();

        Assert.DoesNotContain(_unobserved, e => e is OperationCanceledException);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task AbandonAsync(TestNode node)
    {
        using var leaves = new CancellationTokenSource();
        var calls = Enumerable.Range(0, 20).Select(_ => node.Kv.GetAsync("k", cancellationToken: leaves.Token).AsTask()).ToList();
        await leaves.CancelAsync();
        foreach (var call in calls)
            await ((Task)call).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // On a machine that is busy some may have failed before.
        Assert.Contains(calls, call => call.IsCanceled);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task StopWhileOpeningAsync(ManualResetEventSlim opens)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddRaftKv(o => (o.DataDirectory, o.Bootstrap) = (_folder.Sub("data"), RaftKvBootstrap.SingleNode));
        builder.Services.AddSingleton<ReplicaOpener>(new WaitingOpener(opens));
        using var host = builder.Build();
        using var gaveUp = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => host.StartAsync(gaveUp.Token));
        var stopping = host.StopAsync(Cancel);
        opens.Set();
        await stopping.WaitAsync(Patience, Cancel);
    }

    private static void Collect()
    {
        for (var i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    private void OnUnobserved(object? sender, UnobservedTaskExceptionEventArgs e)
    {
        foreach (var error in e.Exception.Flatten().InnerExceptions)
            _unobserved.Enqueue(error);
    }
}
