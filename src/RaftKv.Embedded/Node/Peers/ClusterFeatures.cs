using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Node;

/// <summary>The feature level and the limits of the cluster. The leader raises them when every member speaks and allows more.</summary>
internal sealed class ClusterFeatures(ReplicaContext context, PeerCapabilities abilities)
{
    private static readonly long Interval = TimeSpan.FromMilliseconds(200).Ticks;

    private RecordLimits _limits = new(ClusterLimits.Of(context.Options));
    private long _nextCheck;

    /// <summary>Any thread. The limits of entries now: the cluster's, or this node's options while the configuration has none.</summary>
    public RecordLimits Limits => Volatile.Read(ref _limits);

    public void Sweep()
    {
        if (!context.Leads || context.IsStopping || context.Now.Ticks < _nextCheck
            || !context.Core!.CanServeReads || context.Core.ConfigurationIndex > context.Core.CommitIndex)
            return;
        _nextCheck = context.Now.Ticks + Interval;
        var configuration = context.Core.Configuration;
        // A member that this leader has not reached may be an old one.
        if (!TryFindCommon(configuration, out var level, out var limits))
            return;
        if (level < FeatureLevels.Safeguards)
            limits = null;
        else if (limits is not null && configuration.Limits is { } current)
            limits = current.RaisedTo(limits);
        if (level <= configuration.FeatureLevel && (limits is null || limits == configuration.Limits))
            return;
        if (level > configuration.FeatureLevel)
            context.Log.FeatureLevelRaised(context.NodeId, level);
        context.Step(new ChangeRequested(context.Now, context.NextRequestId(), new RaiseFeatureLevel(level, limits)));
    }

    /// <summary>Another configuration is in force.</summary>
    public void OnConfigurationChanged()
    {
        var own = ClusterLimits.Of(context.Options);
        var limits = context.Core!.Configuration.Limits ?? own;
        if (limits == _limits.Cluster)
            return;
        Volatile.Write(ref _limits, new RecordLimits(limits));
        context.Log.LimitsChanged(context.NodeId, limits.MaxKeyBytes, limits.MaxValueBytes, limits.MaxTransactionBytes);
        if (own.And(limits) != limits)
            context.Log.LimitsBelowCluster(context.NodeId, own.MaxKeyBytes, own.MaxValueBytes, own.MaxTransactionBytes);
    }

    /// <summary>
    /// What all members speak and allow; no limits when a member stated none. <c>false</c> when a member is not known well enough.
    /// </summary>
    private bool TryFindCommon(ClusterConfiguration configuration, out int level, out ClusterLimits? limits)
    {
        level = FeatureLevels.Of(context.Options);
        limits = ClusterLimits.Of(context.Options);
        foreach (var member in configuration.Members)
        {
            if (member.NodeId == context.NodeId)
                continue;
            if (abilities.Of(member.NodeId) is not { } said || said.Incarnation != member.Incarnation)
                return false;
            level = Math.Min(level, said.FeatureLevel);
            limits = said.Limits is null ? null : limits?.And(said.Limits);
        }
        return true;
    }
}
