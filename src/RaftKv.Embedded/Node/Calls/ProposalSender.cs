using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>Gives commands to the leader: to this node's own core, or to a peer.</summary>
internal sealed class ProposalSender(ReplicaContext context, WriteTraces traces)
{
    /// <summary>About how much one message to the leader carries.</summary>
    private const int ForwardBytes = 4 * 1024 * 1024;

    /// <summary>Numbers the routes by which writes reach the leader.</summary>
    public LeaderRoute Route { get; } = new();

    /// <summary>A write is about to be given to the leader.</summary>
    public void Trace(WriteOperation write) => traces.Record(write);

    /// <summary>Only to be called while a leader is known.</summary>
    /// <returns>How many of the commands were given to the leader; the others were certainly not sent.</returns>
    public int Propose(IReadOnlyList<ReadOnlyMemory<byte>> commands)
    {
        if (commands.Count == 0)
            return 0;
        if (!context.Leads)
            return ForwardTo(context.Core!.LeaderId!, commands);
        context.Step(new Proposed(context.Now, commands, From: null));
        return commands.Count;
    }

    /// <summary>Sends messages of a size that fits a frame; one write always fits.</summary>
    private int ForwardTo(string leader, IReadOnlyList<ReadOnlyMemory<byte>> commands)
    {
        traces.Announce(leader);
        var given = 0;
        while (given < commands.Count)
        {
            var message = new List<ReadOnlyMemory<byte>>(commands.Count - given);
            var bytes = 0;
            for (var i = given; i < commands.Count && (bytes == 0 || bytes + commands[i].Length <= ForwardBytes); i++)
            {
                message.Add(commands[i]);
                bytes += commands[i].Length;
            }
            if (!context.Transport.Send(leader, new ForwardWrites(message)))
                break;
            given += message.Count;
        }
        return given;
    }
}
