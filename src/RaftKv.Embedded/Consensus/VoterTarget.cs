namespace RaftKv.Embedded.Consensus;

/// <summary>
/// How many members vote: as many as are wanted, of those that are alive. Each step is one change of one voter (dissertation §4.1), which
/// the living voters can commit.
/// </summary>
internal sealed class VoterTarget(ReplicaState replica, PeerSet peers)
{
    /// <summary>
    /// A voter that has long been silent does not count as one of enough: another member is promoted first, and then the silent one
    /// stands by.
    /// </summary>
    public bool HasEnough
    {
        get
        {
            var (count, target) = (replica.Configuration.VoterCount, replica.Settings.TargetVoters);
            return target > 0 && (count > target || (count == target && peers.SilentVoter() is null));
        }
    }

    /// <summary>
    /// The voter to retire when there is one too many: a silent one if there is one, otherwise the one that lags most. Never the leader.
    /// </summary>
    public Progress? FindSurplus()
    {
        var target = replica.Settings.TargetVoters;
        return target == 0 || replica.Configuration.VoterCount <= target ? null : peers.SilentVoter() ?? peers.LeastAdvancedVoter();
    }
}
