using System.Net;
using System.Net.Sockets;
using RaftKv.Embedded.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Transport;

/// <summary>Connecting to a name with several addresses, some of which do not answer.</summary>
public sealed class ConnectRaceTests
{
    private static readonly TransportOptions Options = new() { ListenAddress = "127.0.0.1:0" };

    [Fact]
    public void An_address_that_is_silent_does_not_use_up_the_time_of_the_others()
    {
        using var silent = new SilentListener();
        using var alive = Listen(backlog: 10);
        var socket = new ConnectRace(Options, Deadline.After(TimeSpan.FromSeconds(30))).Connect([silent.EndPoint, (IPEndPoint)alive.LocalEndPoint!]);
        using (socket)
            Assert.Equal(alive.LocalEndPoint, socket.RemoteEndPoint);
    }

    [Fact]
    public void An_address_that_refuses_is_followed_by_the_next()
    {
        IPEndPoint closed;
        using (var listener = Listen(backlog: 1))
            closed = (IPEndPoint)listener.LocalEndPoint!;
        using var alive = Listen(backlog: 10);
        using var socket = new ConnectRace(Options, Deadline.After(TimeSpan.FromSeconds(30))).Connect([closed, (IPEndPoint)alive.LocalEndPoint!]);
        Assert.Equal(alive.LocalEndPoint, socket.RemoteEndPoint);
    }

    [Fact]
    public void A_connection_that_is_reset_as_soon_as_it_is_made_is_a_lost_connection()
    {
        using var listener = Listen(backlog: 500);
        var resetting = new Thread(() =>
        {
            try
            {
                while (true)
                {
                    using var socket = listener.Accept();
                    socket.LingerState = new LingerOption(true, 0);
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // The listener is closed.
            }
        }) { IsBackground = true };
        resetting.Start();

        // Some of them are reset before the winner is asked for its address.
        for (var i = 0; i < 500; i++)
        {
            try
            {
                new ConnectRace(Options, Deadline.After(TimeSpan.FromSeconds(30))).Connect([(IPEndPoint)listener.LocalEndPoint!]).Dispose();
            }
            catch (ConnectionLostException e)
            {
                Assert.True(e.Reset);
            }
        }

        listener.Dispose();
        resetting.Join();
    }

    [Fact]
    public void Only_silent_addresses_end_with_the_deadline()
    {
        using var silent = new SilentListener();
        var error = Assert.Throws<ConnectionLostException>(() => new ConnectRace(Options, Deadline.After(TimeSpan.FromMilliseconds(400))).Connect([silent.EndPoint, silent.EndPoint]));
        Assert.False(error.Reset);
    }

    [Fact]
    public void The_address_that_worked_is_first_and_the_families_take_turns()
    {
        IPAddress[] resolved = [IPAddress.Parse("2001:db8::1"), IPAddress.Parse("2001:db8::2"), IPAddress.Parse("192.0.2.1"), IPAddress.Parse("192.0.2.2")];
        var memory = new AddressMemory();
        Assert.Equal([resolved[0], resolved[2], resolved[1], resolved[3]], memory.Order("n:1", resolved));
        memory.Worked("n:1", resolved[3]);
        Assert.Equal([resolved[3], resolved[0], resolved[2], resolved[1]], memory.Order("n:1", resolved));
        memory.Failed("n:1", resolved[0]);
        Assert.Equal([resolved[2], resolved[1], resolved[3], resolved[0]], memory.Order("n:1", resolved));
    }

    private static Socket Listen(int backlog)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen(backlog);
        return socket;
    }

    /// <summary>A listener whose queue of connections is full, so that the kernel answers no further ones.</summary>
    private sealed class SilentListener : IDisposable
    {
        private readonly Socket _listener = Listen(backlog: 1);
        private readonly List<Socket> _waiting = [];

        public SilentListener()
        {
            for (var i = 0; i < 64; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
                _waiting.Add(socket);
                try
                {
                    socket.Connect(EndPoint);
                }
                catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
                {
                    if (!socket.Poll(TimeSpan.FromMilliseconds(200), SelectMode.SelectWrite))
                        return;
                }
            }
            throw new InvalidOperationException("The kernel answers however many connections wait.");
        }

        public IPEndPoint EndPoint => (IPEndPoint)_listener.LocalEndPoint!;

        public void Dispose()
        {
            foreach (var socket in _waiting)
                socket.Dispose();
            _listener.Dispose();
        }
    }
}
