using RaftKv.Embedded.Log;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Limits the bytes of messages of peers that wait for a turn. The transport's threads block at the limit, and TCP slows the senders down.
/// </summary>
internal sealed class InboundMessages(ReplicaContext context, Action kick)
{
    private const long MaxBytes = 64 * 1024 * 1024;

    private readonly object _gate = new();
    private long _bytes;

    /// <summary>Transport thread. Blocks while more than the limit waits.</summary>
    public PeerInput Admit(PeerHello from, PeerMessage message)
    {
        var bytes = SizeOf(message);
        lock (_gate)
        {
            while (_bytes > MaxBytes && !context.IsClosed)
            {
                kick();
                Monitor.Wait(_gate, 100);
            }
            _bytes += bytes;
        }
        return new PeerInput(from, message, bytes);
    }

    /// <summary>Holder of the turn. The message waits no longer.</summary>
    public void Release(PeerInput input)
    {
        lock (_gate)
        {
            var wasFull = _bytes > MaxBytes;
            _bytes -= input.Bytes;
            if (wasFull && _bytes <= MaxBytes)
                Monitor.PulseAll(_gate);
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
            case StatePiece piece: return overhead + piece.Data.Length;
            case ForwardWrites forward:
                var total = overhead;
                foreach (var command in forward.Commands)
                    total += command.Length + LogEntry.OverheadBytes;
                return total;
            default: return overhead;
        }
    }
}
