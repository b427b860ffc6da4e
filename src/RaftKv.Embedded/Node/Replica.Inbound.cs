using RaftKv.Embedded.Log;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

internal sealed partial class Replica
{
    /// <summary>How many bytes of messages may wait for a turn before the sockets are no longer read.</summary>
    private const long MaxInboundBytes = 64 * 1024 * 1024;

    private readonly object _inboundGate = new();
    private long _inboundBytes;

    /// <summary>Transport thread, which sees to it that a turn is taken. Blocks while too much waits: TCP then tells the sender.</summary>
    public void PostMessage(PeerHello from, PeerMessage message)
    {
        var bytes = SizeOf(message);
        lock (_inboundGate)
        {
            while (_inboundBytes > MaxInboundBytes && !_closed)
            {
                Kick();
                Monitor.Wait(_inboundGate, 100);
            }
            _inboundBytes += bytes;
        }
        Post(new PeerInput(from, message, bytes), wake: false);
    }

    private void Received(PeerInput input)
    {
        lock (_inboundGate)
        {
            var wasFull = _inboundBytes > MaxInboundBytes;
            _inboundBytes -= input.Bytes;
            if (wasFull && _inboundBytes <= MaxInboundBytes)
                Monitor.PulseAll(_inboundGate);
        }
    }

    private static int SizeOf(PeerMessage message)
    {
        const int overhead = 128;
        switch (message)
        {
            case AppendEntries append:
                var bytes = overhead;
                foreach (ref readonly var entry in append.Entries.Span)
                    bytes += entry.Size;
                return bytes;
            case InstallSnapshot install: return overhead + install.Data.Length;
            case SeedPiece piece: return overhead + piece.Data.Length;
            case ForwardWrites forward:
                var total = overhead;
                foreach (var command in forward.Commands)
                    total += command.Length + LogEntry.OverheadBytes;
                return total;
            default: return overhead;
        }
    }
}
