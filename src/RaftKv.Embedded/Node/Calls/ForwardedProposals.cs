using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>On the leader: proposes the writes that followers forward, and refuses those that it must not append.</summary>
internal sealed class ForwardedProposals(ReplicaContext context, WriteTraces traces, DiskMonitor disk, ClusterFeatures features)
{
    public void Take(string from, ForwardWrites forwarded)
    {
        if (context.Core is null || context.IsStopping)
            context.Transport.Send(from, new ForwardRefused(RefusalReason.NotLeader, CommandSequences.Of(forwarded.Commands)));
        else
            ProposeAllowed(from, disk.TakeWhatFits(from, forwarded.Commands));
        traces.Begin(from);
    }

    private void ProposeAllowed(string from, IReadOnlyList<ReadOnlyMemory<byte>> commands)
    {
        var limits = features.Limits;
        if (commands.All(limits.Allow))
        {
            context.Step(new Proposed(context.Now, commands, from));
            return;
        }
        var allowed = commands.ToLookup(limits.Allow);
        context.Transport.Send(from, new ForwardRefused(RefusalReason.TooLarge, CommandSequences.Of([.. allowed[false]])));
        context.Step(new Proposed(context.Now, [.. allowed[true]], from));
    }
}
