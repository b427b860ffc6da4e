using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace RaftKv.Integration.Chaos.Network;

/// <summary>
/// One proxy in front of each node, which forwards the connections of the other nodes as the state of the link requires. The proxy finds
/// the name of the caller in the first bytes of the connection, the introduction.
/// </summary>
public sealed class LinkProxies : IAsyncDisposable
{
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);

    private readonly CancellationTokenSource stopping = new();
    private readonly ConcurrentDictionary<(string From, string To), LinkState> links = new();
    private readonly List<Socket> listeners = [];
    private readonly ConcurrentDictionary<Task, bool> connections = new();
    private readonly IReadOnlyList<string> nodeIds;

    public LinkProxies(IReadOnlyList<string> nodeIds) => this.nodeIds = nodeIds;

    public LinkState this[string from, string to] => links.GetOrAdd((from, to), _ => new LinkState());

    /// <summary>The links to and from a node.</summary>
    public IEnumerable<LinkState> Of(string nodeId) => nodeIds.Where(n => n != nodeId).SelectMany(n => new[] { this[n, nodeId], this[nodeId, n] });

    /// <summary>Listens for a node, and forwards to the address at which the node really listens.</summary>
    public void Add(string nodeId, string listen, string target)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        listener.Bind(IPEndPoint.Parse(listen));
        listener.Listen(128);
        listeners.Add(listener);
        _ = AcceptAsync(listener, nodeId, IPEndPoint.Parse(target));
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        foreach (var listener in listeners)
            listener.Dispose();
        await Task.WhenAll(connections.Keys);
        stopping.Dispose();
    }

    private async Task AcceptAsync(Socket listener, string to, IPEndPoint target)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var task = ServeAsync(await listener.AcceptAsync(stopping.Token), to, target);
                connections[task] = true;
                _ = task.ContinueWith(t => connections.TryRemove(t, out _), TaskScheduler.Default);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                // The proxies are being disposed of, or the caller closed the connection before it was accepted.
            }
        }
    }

    private async Task ServeAsync(Socket caller, string to, IPEndPoint target)
    {
        using var called = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using (caller)
        {
            caller.NoDelay = true;
            try
            {
                var first = new byte[4096];
                var count = await caller.ReceiveAsync(first, stopping.Token);
                var from = NameIn(first.AsSpan(0, count), to);
                if (count == 0)
                    return;
                var link = this[from, to];
                while (link.IsSilent)
                    await Task.Delay(Glance, stopping.Token);
                await called.ConnectAsync(target, stopping.Token);
                await called.SendAsync(first.AsMemory(0, count), stopping.Token);
                using var end = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
                // Both directions have the faults of this link: the answers belong to the same TCP connection.
                var forth = PassAsync(caller, called, link, end);
                var back = PassAsync(called, caller, link, end);
                await Task.WhenAny(forth, back);
                await end.CancelAsync();
                await Task.WhenAll(forth, back);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The end of one side ends the other.
            }
            finally
            {
                Abort(caller);
                Abort(called);
            }
        }
    }

    private static async Task PassAsync(Socket from, Socket to, LinkState link, CancellationTokenSource end)
    {
        var buffer = new byte[64 * 1024];
        var epoch = link.Epoch;
        try
        {
            while (!end.IsCancellationRequested && link.Epoch == epoch)
            {
                var limit = link.BytesPerSecond;
                var receive = from.ReceiveAsync(limit == 0 ? buffer : buffer.AsMemory(0, Math.Clamp(limit / 10, 1, buffer.Length)), end.Token).AsTask();
                while (!receive.IsCompleted && link.Epoch == epoch)
                    await Task.WhenAny(receive, Task.Delay(Glance * 5, end.Token));
                if (link.Epoch != epoch || await receive is not (> 0 and var count))
                    return;
                if (link.DelayMs is > 0 and var delay)
                    await Task.Delay(delay, end.Token);
                if (limit > 0)
                    await Task.Delay(100, end.Token);
                while (link.IsSilent && link.Epoch == epoch)
                    await Task.Delay(Glance, end.Token);
                if (link.Epoch != epoch)
                    return;
                await to.SendAsync(buffer.AsMemory(0, count), end.Token);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The caller of this method ends the other direction.
        }
    }

    private string NameIn(ReadOnlySpan<byte> introduction, string to)
    {
        foreach (var name in nodeIds)
        {
            if (name != to && introduction.IndexOf(System.Text.Encoding.UTF8.GetBytes(name)) >= 0)
                return name;
        }
        return "";
    }

    private static void Abort(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The socket is closed already.
        }
        socket.Dispose();
    }
}
