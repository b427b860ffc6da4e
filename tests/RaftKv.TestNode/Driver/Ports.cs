using System.Net;
using System.Net.Sockets;

namespace RaftKv.TestNode.Driver;

/// <summary>
/// Loopback ports that are free now and stay a node's own while it is down: they lie below the range from which the kernel takes the ports
/// of outgoing connections, so that no connection (not even a node's own attempt to reach a dead peer) sits on one when the node returns.
/// </summary>
public static class Ports
{
    private const int First = 12_000;
    private const int Last = 32_000;

    private static readonly HashSet<int> Taken = [];

    public static int Take()
    {
        lock (Taken)
        {
            while (true)
            {
                var port = Random.Shared.Next(First, Last);
                if (!IsFree(port) || !Taken.Add(port))
                    continue;
                return port;
            }
        }
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
