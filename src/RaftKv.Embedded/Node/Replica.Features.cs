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
        if (!_context.Leads || _context.IsStopping || _context.Now.Ticks < _nextFeatureCheck || !_context.Core!.CanServeReads || _context.Core.ConfigurationIndex > _context.Core.CommitIndex)
            return;
        _nextFeatureCheck = _context.Now.Ticks + FeatureInterval;
        var configuration = _context.Core.Configuration;
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
            _context.Log.FeatureLevelRaised(_context.NodeId, level);
        _context.Step(new ChangeRequested(_context.Now, _context.NextRequestId(), new RaiseFeatureLevel(level, limits)));
    }

    /// <summary>What all members speak and allow; no limits when a member did not say its own.</summary>
    private bool TryFindCommon(ClusterConfiguration configuration, out int level, out ClusterLimits? limits)
    {
        level = FeatureLevels.Of(_context.Options);
        limits = ClusterLimits.Of(_context.Options);
        foreach (var member in configuration.Members)
        {
            if (member.NodeId == _context.NodeId)
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
        var own = ClusterLimits.Of(_context.Options);
        var limits = _context.Core!.Configuration.Limits ?? own;
        if (limits == _limits.Cluster)
            return;
        Volatile.Write(ref _limits, new RecordLimits(limits));
        _context.Log.LimitsChanged(_context.NodeId, limits.MaxKeyBytes, limits.MaxValueBytes, limits.MaxTransactionBytes);
        if (own.And(limits) != limits)
            _context.Log.LimitsBelowCluster(_context.NodeId, own.MaxKeyBytes, own.MaxValueBytes, own.MaxTransactionBytes);
    }
}
