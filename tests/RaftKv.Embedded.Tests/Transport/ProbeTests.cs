using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using RaftKv.Embedded.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Transport;

/// <summary>A probe asks the node at an address who it is, and is not a connection of a peer.</summary>
public sealed class ProbeTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_probe_tells_who_listens_and_is_not_taken_for_a_peer()
    {
        using var a = new TransportNode("a");
        using var b = new TransportNode("b");

        var hello = await a.Transport.ProbeAsync(b.Address, Long, Cancel);

        Assert.Equal("b", hello.NodeId);
        Assert.Equal(TransportNode.Cluster, hello.ClusterId);
        Assert.Equal(b.Address, hello.Address);
        Assert.Empty(b.Handler.Hellos);
        Assert.Empty(b.Handler.Disconnected);
    }

    [Fact]
    public async Task A_probe_of_nobody_says_so()
    {
        using var a = new TransportNode("a");
        string free;
        using (var gone = new TransportNode("b"))
            free = gone.Address;

        var error = await Assert.ThrowsAsync<RaftKvUnavailableException>(() => a.Transport.ProbeAsync(free, Long, Cancel));
        Assert.Contains("refused", error.Message);
    }

    [Fact]
    public async Task A_probe_of_somebody_silent_ends_in_time()
    {
        using var a = new TransportNode("a");
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();

        await Assert.ThrowsAsync<RaftKvUnavailableException>(() =>
            a.Transport.ProbeAsync(silent.LocalEndpoint.ToString()!, TimeSpan.FromMilliseconds(200), Cancel));
    }

    [Fact]
    public async Task A_probe_of_an_address_that_no_resolver_takes_says_so()
    {
        using var a = new TransportNode("a");
        var address = new string('a', 300) + ":1";

        var error = await Assert.ThrowsAsync<RaftKvUnavailableException>(() => a.Transport.ProbeAsync(address, Long, Cancel));

        Assert.StartsWith($"There is no node to be reached at {address}: ", error.Message, StringComparison.Ordinal);
        Assert.Null(((ITransport)a.Transport).TryProbe(address, Long, Cancel));
    }

    [Fact]
    public void A_probe_on_the_callers_thread_has_the_answer_or_none()
    {
        using var a = new TransportNode("a");
        using var b = new TransportNode("b");
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var transport = (ITransport)a.Transport;

        Assert.Equal("b", transport.TryProbe(b.Address, Long, Cancel)?.NodeId);
        Assert.Null(transport.TryProbe(silent.LocalEndpoint.ToString()!, TimeSpan.FromMilliseconds(100), Cancel));
        Assert.Null(transport.TryProbe(silent.LocalEndpoint.ToString()!, Long, new CancellationToken(canceled: true)));
    }

    [Fact]
    public async Task Probes_that_are_given_up_leave_no_unobserved_exception()
    {
        var unobserved = new ConcurrentQueue<Exception>();
        TaskScheduler.UnobservedTaskException += Note;
        try
        {
            using var a = new TransportNode("a");
            await GiveUpProbes(a.Transport);
            SpinWait.SpinUntil(() =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return !unobserved.IsEmpty;
            }, TimeSpan.FromMilliseconds(300));
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= Note;
        }
        Assert.Empty(unobserved);

        // Tests that run beside this one may have lost exceptions of their own.
        void Note(object? sender, UnobservedTaskExceptionEventArgs lost)
        {
            if (lost.Exception.InnerException is ConnectionLostException)
                unobserved.Enqueue(lost.Exception);
        }
    }

    /// <summary>Probes a peer that never answers; returns when the threads of the probes have seen the end of their time.</summary>
    private static async Task GiveUpProbes(TcpTransport transport)
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var enough = new CancellationTokenSource();
        var probes = Enumerable.Range(0, 20)
            .Select(_ => transport.ProbeAsync(silent.LocalEndpoint.ToString()!, TimeSpan.FromMilliseconds(500), enough.Token)).ToList();
        await enough.CancelAsync();
        foreach (var probe in probes)
            Assert.NotNull(await Record.ExceptionAsync(() => probe));
        for (var i = 0; i < probes.Count; i++)
        {
            using var socket = await silent.AcceptSocketAsync(Cancel);
            while (await socket.ReceiveAsync(new byte[1024], Cancel) > 0)
            {
                // What the probe says.
            }
        }
    }
}
