using RaftKv.Embedded.Consensus;

namespace RaftKv.Simulation;

/// <summary>One process's way to one peer: it dials, and only sends.</summary>
internal sealed class SimLink(SimNode from, Member peer, Chance chance)
{
    public SimNode From => from;

    /// <summary>Dice of the network between the two.</summary>
    public Chance Chance => chance;

    public Member Peer => peer;

    /// <summary>The process that dialled; a later one of the same machine has links of its own.</summary>
    public int FromLife { get; } = from.Life;

    /// <summary>The data directory of that process, which introduces itself with it.</summary>
    public Guid Incarnation { get; } = from.Identity.Incarnation;

    /// <summary>Of the sender, when it dialled.</summary>
    public Guid ClusterId { get; } = from.Identity.ClusterId;

    public int ToLife { get; set; }

    public bool IsConnected { get; set; }

    public bool IsClosed { get; set; }

    /// <summary>Numbers the connections.</summary>
    public int Connection { get; set; }

    /// <summary>No message of those that keep their order arrives before.</summary>
    public long LastDelivery { get; set; }

    public List<byte[]> Unsent { get; } = [];

    /// <summary>Whether the process that dialled is there and wants the peer.</summary>
    public bool IsAlive => !IsClosed && from.IsListening && from.Life == FromLife;
}
