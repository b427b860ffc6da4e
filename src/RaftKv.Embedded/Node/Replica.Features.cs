using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Node;

// The feature level and the limits of the cluster rise when every member speaks and allows more.
internal sealed partial class Replica
{
    private static readonly long FeatureInterval = TimeSpan.FromMilliseconds(200).Ticks;

    /// <summary>What members said they speak and allow when they were last reached.</summary>
    private readonly Dictionary<string, (Guid Incarnation, int Level, ClusterLimits? Limits)> _abilities = [];
    private RecordLimits _limits;
    private long _nextFeatureCheck;

    /// <summary>Any thread. What may become an entry now: the cluster's limits, or this node's options while the configuration has none.</summary>
    public ClusterLimits Limits => Volatile.Read(ref _limits).Cluster;

    private void RaiseFeatureLevel()
    {
        if (!Leads || _stopping || _now.Ticks < _nextFeatureCheck || !_core!.CanServeReads || _core.ConfigurationIndex > _core.CommitIndex)
            return;
        _nextFeatureCheck = _now.Ticks + FeatureInterval;
        var configuration = _core.Configuration;
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
            _log.FeatureLevelRaised(_options.NodeId, level);
        Step(new ChangeRequested(_now, ++_nextRequestId, new RaiseFeatureLevel(level, limits)));
    }

    /// <summary>What all members speak and allow; no limits when a member did not say its own.</summary>
    private bool TryFindCommon(ClusterConfiguration configuration, out int level, out ClusterLimits? limits)
    {
        level = FeatureLevels.Of(_options);
        limits = ClusterLimits.Of(_options);
        foreach (var member in configuration.Members)
        {
            if (member.NodeId == _options.NodeId)
                continue;
            if (!_abilities.TryGetValue(member.NodeId, out var said) || said.Incarnation != member.Incarnation)
                return false;
            level = Math.Min(level, said.Level);
            limits = said.Limits is null ? null : limits?.And(said.Limits);
        }
        return true;
    }

    /// <summary>Another configuration is in force.</summary>
    private void FollowLimits()
    {
        var own = ClusterLimits.Of(_options);
        var limits = _core!.Configuration.Limits ?? own;
        if (limits == _limits.Cluster)
            return;
        Volatile.Write(ref _limits, new RecordLimits(limits));
        _log.LimitsChanged(_options.NodeId, limits.MaxKeyBytes, limits.MaxValueBytes, limits.MaxTransactionBytes);
        if (own.And(limits) != limits)
            _log.LimitsBelowCluster(_options.NodeId, own.MaxKeyBytes, own.MaxValueBytes, own.MaxTransactionBytes);
    }
}
