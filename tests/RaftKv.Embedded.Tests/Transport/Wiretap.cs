using System.Net;
using System.Net.Sockets;

namespace RaftKv.Embedded.Tests.Transport;

/// <summary>A man in the middle between two nodes: records and forwards everything, and may change it.</summary>
internal sealed class Wiretap : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<byte> _recorded = [];
    private readonly List<Socket> _sockets = [];
    private readonly string _target;
    private volatile Func<byte[], byte[]>? _tamper;
    private int _tampered;

    public Wiretap(string target)
    {
        _target = target;
        _listener.Start();
        Address = _listener.LocalEndpoint.ToString()!;
        NewThread(Accept);
    }

    public string Address { get; }

    /// <summary>Changes the bytes that the dialling node sends.</summary>
    public Func<byte[], byte[]>? Tamper { get => _tamper; set => _tamper = value; }

    public int Tampered => Volatile.Read(ref _tampered);

    /// <summary>The bytes that the dialling node has sent.</summary>
    public byte[] Recorded
    {
        get
        {
            lock (_recorded)
                return [.. _recorded];
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        lock (_sockets)
            _sockets.ForEach(s => s.Dispose());
    }

    private void Accept()
    {
        try
        {
            while (true)
            {
                var from = _listener.AcceptSocket();
                var to = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                lock (_sockets)
                    _sockets.AddRange([from, to]);
                to.Connect(IPEndPoint.Parse(_target));
                NewThread(() => Pump(from, to, forward: true));
                NewThread(() => Pump(to, from, forward: false));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // A socket was closed: the wiretap ends.
        }
    }

    private void Pump(Socket from, Socket to, bool forward)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (from.Receive(buffer) is var count and > 0)
            {
                var bytes = buffer[..count];
                if (forward)
                {
                    lock (_recorded)
                        _recorded.AddRange(bytes);
                    if (_tamper is { } tamper)
                    {
                        bytes = tamper(bytes);
                        Interlocked.Increment(ref _tampered);
                    }
                }
                if (bytes.Length > 0)
                    to.Send(bytes);
            }
            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            from.Dispose();
            to.Dispose();
        }
    }

    private static void NewThread(ThreadStart run) => new Thread(run) { IsBackground = true }.Start();
}
