using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Simulation.Invariants;

/// <summary>
/// What waits is bounded (docs/architecture.md, "Limits"): the log that is not applied or not durable, what is under way to one peer,
/// sessions.
/// </summary>
internal sealed class BoundedMemory(Simulation run) : Invariant
{
    private readonly PerNode<(int Life, long Term, long Bytes)> _leading = new();
    private readonly PerNode<int> _lives = new();
    private long _recovered;

    public override void AfterStep(SimNode node)
    {
        if (node.Core is not { } core)
            return;
        CheckLeader(node, core);
        var largest = run.Swarm.ValueBytes + 1024L;
        // A restarted node has all that follows its snapshot still to apply, and as a leader sends it to the others, which may have no more
        // than that snapshot.
        ref var life = ref _lives[node];
        if (life != node.Life)
            _recovered = Math.Max(_recovered, (core.LastIndex - core.SnapshotIndex) * largest);
        life = node.Life;
        // Proposals are refused beyond the limit; one turn may bring what all callers wait for.
        var unapplied = _recovered + 3 * run.Swarm.MaxPendingBytes + 2 * run.Swarm.LogCacheBytes + 2 * run.Swarm.Callers * largest * run.Nodes.Count + 16 * 1024;
        if (core.UnappliedBytes > unapplied)
            throw Broken(node, $"{core.UnappliedBytes} bytes of log wait to be applied, over {unapplied}");
        foreach (var peer in core.Peers)
        {
            if (peer.InflightMessages > run.Swarm.MaxInflightMessages)
                throw Broken(node, $"{peer.InflightMessages} messages are under way to {peer.NodeId}");
        }
        if (core.WaitingSnapshotBytes > 8L * run.Swarm.ChunkBytes)
            throw Broken(node, $"{core.WaitingSnapshotBytes} bytes of a snapshot wait for the disk");
        if (node.Applier.State.SessionCount > SessionTable.MaxSessions)
            throw Broken(node, "there are too many sessions");
    }

    // Beyond its limit a leader takes no proposal, so its log grows no further than by the batch that passed the limit; what it held when
    // it was elected may be more.
    private void CheckLeader(SimNode node, RaftCore core)
    {
        if (core.Role != RaftRole.Leader)
        {
            _leading[node] = default;
            return;
        }
        ref var before = ref _leading[node];
        if (before.Life != node.Life || before.Term != core.Term)
            before = (node.Life, core.Term, Held(core));
        var batch = 2 * run.Swarm.Callers * (run.Swarm.ValueBytes + 300L) + 8 * 1024;
        var limit = Math.Max(before.Bytes, run.Swarm.MaxPendingBytes) + batch;
        if (Held(core) > limit)
            throw Broken(node, $"the leader's log that waits for its disk or to be applied has grown to {Held(core)} bytes, over {limit}");
    }

    // Not the core's own sum, which a planted bug changes.
    private static long Held(RaftCore core) => Math.Max(core.UnappliedBytes, core.UndurableBytes);

    private static BrokenInvariantException Broken(SimNode node, string how) => new("Bounded memory", $"{node.Id}: {how}");
}
