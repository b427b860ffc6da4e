using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Diagnostics;

namespace RaftKv.Embedded.Replica;

// What the whole cluster understands rises when its last old member is upgraded or gone.
internal sealed partial class Replica
{
    private static readonly long FeatureInterval = TimeSpan.FromMilliseconds(200).Ticks;

    /// <summary>What members said they speak when they were last reached.</summary>
    private readonly Dictionary<string, (Guid Incarnation, int Level)> _levels = [];
    private long _nextFeatureCheck;

    private void RaiseFeatureLevel()
    {
        if (!Leads || _stopping || _now.Ticks < _nextFeatureCheck || !_core!.CanServeReads || _core.ConfigurationIndex > _core.CommitIndex)
            return;
        _nextFeatureCheck = _now.Ticks + FeatureInterval;
        var common = _options.FeatureLevel;
        foreach (var member in _core.Configuration.Members)
        {
            if (member.NodeId == _options.NodeId)
                continue;
            // Whoever has not been heard of may be the old one.
            if (!_levels.TryGetValue(member.NodeId, out var said) || said.Incarnation != member.Incarnation)
                return;
            common = Math.Min(common, said.Level);
        }
        if (common <= _core.Configuration.FeatureLevel)
            return;
        _log.FeatureLevelRaised(_options.NodeId, common);
        Step(new ChangeRequested(_now, ++_nextRequestId, new RaiseFeatureLevel(common)));
    }
}
