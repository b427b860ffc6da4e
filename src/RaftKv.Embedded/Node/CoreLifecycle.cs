using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Node;

/// <summary>Starts the core when the node gets a cluster, and tells it what is applied and what time it is.</summary>
internal sealed class CoreLifecycle(ReplicaContext context, ClusterClocks clocks, RollbackProof proof)
{
    private long _reportedApplied;

    /// <summary>Reads the time of a turn.</summary>
    public void ReadClock() => context.Now = clocks.Read();

    /// <summary>The node now belongs to a cluster: the core begins.</summary>
    public void Start(RaftStart start)
    {
        if (context.Core is not null)
            return;
        // A node that gave up a cluster has another incarnation than the one it started with.
        context.Core = new RaftCore(context.Ports.Settings with { Incarnation = context.Identity.Incarnation }, start);
        clocks.RecordOwn();
        _reportedApplied = context.Applier.AppliedIndex;
        proof.Begin();
        context.Core.Initialize(context.Now, context.Effects);
        context.CarryOut();
    }

    /// <summary>A cluster of one is bootstrapped with its first write; until then another cluster may still admit the node.</summary>
    public void BootstrapSingleNode()
    {
        var self = new Member(context.NodeId, context.Transport.AdvertisedAddress, context.Identity.Incarnation, MemberRole.Voter);
        var (level, limits) = (FeatureLevels.Of(context.Options), ClusterLimits.Of(context.Options));
        if (context.Parts.ClusterBootstrap.TryBootstrap([self], level, limits) is { } start)
        {
            context.Log.ClusterBootstrapped(context.NodeId, context.Identity.ClusterId, members: 1);
            Start(start);
        }
    }

    /// <summary>Once a turn, after its inputs: messages that came while the thread did not run may be among them.</summary>
    public void Drive()
    {
        if (context.Core is not { } core)
            return;
        // A snapshot that has just been swapped in is ahead of the core until the core hears that it is installed.
        var applied = Math.Min(context.Applier.AppliedIndex, core.CommitIndex);
        if (applied > _reportedApplied)
        {
            _reportedApplied = applied;
            context.Step(new Applied(context.Now, applied));
        }
        if (context.Now.Ticks >= core.Deadline)
            context.Step(new TimePassed(context.Now));
    }
}
