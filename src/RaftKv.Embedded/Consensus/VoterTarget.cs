namespace RaftKv.Embedded.Consensus;

/// <summary>
/// How many members vote: as many as are wanted, of those that are alive. Each step is one change of one voter (dissertation §4.1), and none that
/// the living voters could not commit.
/// </summary>
internal sealed class VoterTarget(ReplicaState replica, PeerSet peers)
{
    /// <summary>
    /// A voter that has long been silent does not count as one of enough: another member is promoted first, and then the silent one stands by.
    /// </summary>
    public bool HasEnough => replica.Settings.TargetVoters is var target and > 0
        && (replica.Configuration.VoterCount > target || (replica.Configuration.VoterCount == target && peers.SilentVoter() is null));

    /// <summary>One voter too many: a silent one if there is one, otherwise the one that is furthest behind. Never the leader.</summary>
    public Progress? FindSurplus() => replica.Settings.TargetVoters is var target && (target == 0 || replica.Configuration.VoterCount <= target)
        ? null
        : peers.SilentVoter() ?? peers.LeastAdvancedVoter();
}
