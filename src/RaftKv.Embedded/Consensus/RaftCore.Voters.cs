namespace RaftKv.Embedded.Consensus;

// How many of the members vote: as many as are wanted, and such as are alive. Each step is one change of one voter (dissertation §4.1), and none that the living could not commit.
internal sealed partial class RaftCore
{
    /// <summary>A voter that has long been silent is no reason to keep the others out: one of them is promoted first, and then the silent one stands by.</summary>
    private bool HasEnoughVoters => _settings.TargetVoters > 0
        && (Configuration.VoterCount > _settings.TargetVoters || (Configuration.VoterCount == _settings.TargetVoters && FindSilentVoter() is null));

    private Progress? FindSilentVoter()
    {
        foreach (var peer in _peers)
        {
            if (peer.IsVoter && _now.Ticks - peer.LastContact > _settings.VoterPatience)
                return peer;
        }
        return null;
    }

    /// <summary>One voter too many becomes a learner that stands by: a silent one if there is one, otherwise the one that is furthest behind. Never the leader.</summary>
    private void RetireSurplusVoter()
    {
        if (_pendingChange is null && WhyNoChange() is null && FindSurplusVoter() is { } peer)
            BeginChange(null, new RetireVoter(peer.NodeId));
    }

    private Progress? FindSurplusVoter() =>
        _settings.TargetVoters == 0 || Configuration.VoterCount <= _settings.TargetVoters ? null : FindSilentVoter() ?? FurthestBehind();

    private Progress? FurthestBehind()
    {
        Progress? last = null;
        foreach (var peer in _peers)
        {
            if (peer.IsVoter && (last is null || IsLessBehind(last, peer)))
                last = peer;
        }
        return last;
    }

    private void CompleteJoins(string nodeId, string message)
    {
        for (var i = _joins.Count - 1; i >= 0; i--)
        {
            if (_joins[i].NodeId == nodeId)
                Complete(TakeJoin(i).Id, message);
        }
    }
}
