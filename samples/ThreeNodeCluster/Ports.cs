using System.Net;
using System.Net.Sockets;

namespace RaftKv.Samples.ThreeNodeCluster;

/// <summary>Finds free ports that stay free while a node is down.</summary>
internal sealed class Ports
{
    // Below the range from which the system takes ports for outgoing connections: otherwise a connection of another program, or of a node
    // that dials a dead peer, could get the port that a node needs when it is restarted.
    private const int First = 20_000, Last = 32_000;

    private int _next = Random.Shared.Next(First, Last);

    public int Next()
    {
        for (var tried = 0; tried < Last - First; tried++)
        {
            _next = _next + 1 < Last ? _next + 1 : First;
            if (IsFree(_next))
                return _next;
        }
        throw new StepFailedException($"No port between {First} and {Last} is free on this machine.");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var probe = new TcpListener(IPAddress.Loopback, port);
            probe.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
