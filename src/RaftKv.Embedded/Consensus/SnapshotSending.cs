using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Consensus;

/// <summary>The leader's side of snapshots (Raft §7, dissertation §5): pieces for peers that need entries from before the log.</summary>
internal sealed class SnapshotSending(ReplicaState replica, PeerSet peers, HeartbeatRounds rounds)
{
    /// <summary>
    /// The first entry to keep for a peer in contact: the one after the snapshot that is being sent to it, or after its match index.
    /// Without it the peer would need the next snapshot, and the one after that. Never before <paramref name="limit"/>;
    /// <see cref="long.MaxValue"/> when no peer needs any.
    /// </summary>
    public long NeededByPeers(long limit)
    {
        var first = long.MaxValue;
        foreach (var peer in peers)
        {
            var needed = 1 + (peer.Snapshot?.Last.Index ?? peer.Match);
            if (needed == 1 || needed <= replica.Log.Base.Index || !peers.IsInContact(peer))
                continue;
            if (needed < limit)
                replica.Outbox.Add(new PeerLeftBehind(peer.NodeId, needed, limit));
            first = Math.Min(first, Math.Max(needed, limit));
        }
        return first;
    }

    public void Begin(Progress peer)
    {
        peer.BecomeSnapshot();
        AskPiece(peer);
    }

    /// <summary>A piece was read from this node's disk.</summary>
    public void OnPieceRead(SnapshotChunkRead e)
    {
        if (peers.Find(e.Peer) is not { } peer)
            return;
        peer.ChunkPending = false;
        if (peer.Snapshot is not { } snapshot)
            return;
        if (e.Offset != snapshot.Sent || (e.Offset > 0 && e.TotalBytes > 0 && e.Last != snapshot.Last))
        {
            // The piece was read for an offset from which this transfer has moved on.
            AskNextPiece(peer, snapshot);
            return;
        }
        if (e.TotalBytes == 0)
        {
            // The snapshot that was being sent is gone: begin anew with the newest. If there is none at all, try again later.
            if (snapshot.Sent > 0)
                Begin(peer);
            return;
        }
        peer.SentSnapshotChunk(e.Last, e.TotalBytes, e.Data.Length, replica.Now);
        SendPiece(peer, e.Last, e.TotalBytes, e.Offset, e.Data);
        AskNextPiece(peer, snapshot);
    }

    /// <summary>
    /// Asks, after every piece that is under way, for the next byte that is wanted: the answer says what is lost, or that everything is
    /// installed.
    /// </summary>
    public void CheckArrival(Progress peer)
    {
        if (peer.Snapshot is not { } snapshot || peer.ChunkPending || !peer.Link.IsCheckDue(replica.Now))
            return;
        peer.Checked(replica.Now);
        if (snapshot.TotalBytes == 0)
            AskPiece(peer); // There was no snapshot yet.
        else
            SendPiece(peer, snapshot.Last, snapshot.TotalBytes, snapshot.Sent, default);
    }

    /// <summary>Takes an answer of a peer; <c>true</c> when the peer has installed the snapshot and is probed next.</summary>
    public bool OnReply(Progress peer, InstallSnapshotReply m)
    {
        if (peer.Snapshot is not { } snapshot || m.Last != snapshot.Last)
            return false;
        if (m.Installed)
        {
            peer.BecomeProbe(m.Last.Index + 1);
            return true;
        }
        if (m.NextOffset < snapshot.TotalBytes || (m.NextOffset == snapshot.TotalBytes && snapshot.Acknowledged < snapshot.TotalBytes))
        {
            // The peer had all of it and begins anew: what it received was damaged, and the file on this node may be damaged too.
            if (m.NextOffset == 0 && snapshot.Acknowledged == snapshot.TotalBytes)
                replica.Outbox.Add(new CheckSnapshot(m.Last));
            peer.SnapshotWanted(m.NextOffset, replica.Now);
            AskNextPiece(peer, snapshot);
        }
        else if (m.NextOffset == snapshot.TotalBytes)
        {
            // The peer has all of it and loads it, which may take long.
            peer.Link.StillAdvances(replica.Now);
        }
        return false;
    }

    private void SendPiece(Progress peer, EntryId last, long totalBytes, long offset, ReadOnlyMemory<byte> data) =>
        replica.Send(peer.NodeId, new InstallSnapshot(replica.Term, last, totalBytes, offset, data, rounds.Newest));

    private void AskPiece(Progress peer)
    {
        if (peer.ChunkPending || peer.Snapshot is not { } snapshot)
            return;
        peer.ChunkPending = true;
        var bytes = peer.Link.PieceBytes(replica.Settings.SnapshotChunkBytes);
        replica.Outbox.Add(new ReadSnapshotChunk(peer.NodeId, snapshot.Last, snapshot.Sent, bytes));
    }

    private void AskNextPiece(Progress peer, SnapshotTransfer snapshot)
    {
        if (snapshot.HasRoom)
            AskPiece(peer);
    }
}
