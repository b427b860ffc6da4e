using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace RaftKv.Testing;

/// <summary>
/// Loopback ports that are free now and stay a node's own while it is down. They lie below the range from which the kernel takes the ports
/// of outgoing connections, so no connection has one when the node returns. Each test process takes its ports from blocks that it has
/// locked, so no other one takes them. The lock files are empty and stay in the temporary directory.
/// </summary>
public static class Ports
{
    private const int First = 12_000;
    private const int Blocks = 200;
    private const int BlockPorts = 100;

    private static readonly Lock Gate = new();

    /// <summary>The locks of the blocks that are this process's own until it ends.</summary>
    private static readonly List<FileStream> Locks = [];

    private static int next;
    private static int end;

    public static int Take()
    {
        lock (Gate)
        {
            while (true)
            {
                if (next == end)
                {
                    next = First + (TakeBlock() * BlockPorts);
                    end = next + BlockPorts;
                }
                var port = next++;
                if (IsFree(port))
                    return port;
            }
        }
    }

    private static int TakeBlock()
    {
        var directory = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), $"raftkv-test-ports-{Environment.UserName}"));
        var first = Random.Shared.Next(Blocks);
        IOException? last = null;
        for (var i = 0; i < Blocks; i++)
        {
            var block = (first + i) % Blocks;
            try
            {
                var name = Path.Combine(directory.FullName, block.ToString(CultureInfo.InvariantCulture));
                Locks.Add(new FileStream(name, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
                return block;
            }
            catch (IOException e)
            {
                // Another process has this block, or this one has it.
                last = e;
            }
        }
        throw new InvalidOperationException($"No block of ports could be locked in {directory}.", last);
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
