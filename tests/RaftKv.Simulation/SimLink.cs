using RaftKv.Embedded.Log;
using RaftKv.Simulation.Invariants;

namespace RaftKv.Simulation;

/// <summary>The connection of one process to one peer, dialled by the process and used only to send.</summary>
internal sealed class SimLink(SimNode from, Member peer, SimRandom chance, SimNetwork network)
{
    private SimPipe? _pipe;

    public SimNode From => from;

    /// <summary>The random numbers of the network between the two.</summary>
    public SimRandom Random => chance;

    public Member Peer => peer;

    /// <summary>The process that dialled; a later one of the same machine has links of its own.</summary>
    public int FromLife { get; } = from.Life;

    /// <summary>The data directory of that process, which introduces itself with it.</summary>
    public Guid Incarnation { get; } = from.Identity.Incarnation;

    /// <summary>The cluster of the sender when it dialled.</summary>
    public Guid ClusterId { get; } = from.Identity.ClusterId;

    public int ToLife { get; set; }

    public bool IsConnected { get; set; }

    public bool IsClosed { get; set; }

    /// <summary>The number of the current connection.</summary>
    public int Connection { get; set; }

    /// <summary>No message that must keep its order arrives before this time.</summary>
    public long LastDelivery { get; set; }

    public List<(byte[] Frame, bool IsBulk)> Unsent { get; } = [];

    /// <summary>What waits for the link while its bandwidth is limited.</summary>
    public SimPipe Pipe => _pipe ??= network.PipeOf(this);

    /// <summary>What was sent on this connection.</summary>
    public SentOnce Sent { get; } = new();

    /// <summary>Whether a bulk message of this size may wait too. Without a limit of the bandwidth nothing waits.</summary>
    public bool HasRoomFor(int bytes)
    {
        var waiting = Pipe.WaitingBytes;
        foreach (var (frame, _) in Unsent)
            waiting += frame.Length;
        return Pipe.Rate == 0 || waiting == 0 || waiting + bytes <= SimPipe.MaxWaitingBytes;
    }

    /// <summary>Whether the process that dialled still runs and still has the peer.</summary>
    public bool IsAlive => !IsClosed && from.IsListening && from.Life == FromLife;
}
