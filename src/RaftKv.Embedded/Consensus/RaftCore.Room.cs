namespace RaftKv.Embedded.Consensus;

// Peers whose disks lack room for entries.
internal sealed partial class RaftCore
{
    /// <summary>
    /// A peer whose disk lacks room is sent no entries, unless nothing could commit without it: deletions give room, and they must commit.
    /// </summary>
    private bool IsSentEntries(Progress peer) => peer.TakesEntries || (peer.IsVoter && IsNeededForQuorum(peer));

    /// <summary>Whether the voters with room, and those that lack room and are less far behind than this one, are no quorum.</summary>
    private bool IsNeededForQuorum(Progress peer)
    {
        var missing = Configuration.Quorum - (Self is { IsVoter: true } ? 1 : 0);
        foreach (var other in _peers)
        {
            if (other != peer && other.IsVoter && IsInContact(other) && (other.TakesEntries || IsLessBehind(other, peer)))
                missing--;
        }
        return missing > 0;
    }

    private static bool IsLessBehind(Progress peer, Progress than)
        => peer.Match > than.Match || (peer.Match == than.Match && string.CompareOrdinal(peer.NodeId, than.NodeId) < 0);

    private void OnPeerRoomChanged(PeerRoomChanged e)
    {
        if (Role != RaftRole.Leader || FindPeer(e.NodeId) is not { } peer)
            return;
        // The state after many entries may be small where the entries are not, above all when keys were deleted to make room.
        if (!e.HasRoom && e.FitsSnapshot && SnapshotIndex > peer.Match && peer.State != ProgressState.Snapshot && !peer.HasLostEntries)
            BeginSnapshot(peer);
        if (peer.TakesEntries == e.HasRoom)
            return;
        peer.TakesEntries = e.HasRoom;
        Replicate(peer);
    }
}
