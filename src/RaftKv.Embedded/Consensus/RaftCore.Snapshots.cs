using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Consensus;

// Snapshots: Raft §7, dissertation §5.
internal sealed partial class RaftCore
{
    /// <summary>The snapshot whose pieces are coming in.</summary>
    private IncomingSnapshot? _incoming;

    /// <summary>Pieces that the disk has not answered.</summary>
    private readonly WaitingPieces _waitingPieces = new();

    /// <summary>Bytes of received pieces that wait for the disk.</summary>
    public long WaitingSnapshotBytes => _waitingPieces.Bytes;

    /// <summary>The snapshot that is being loaded; meanwhile the log and the commit index stand still.</summary>
    private EntryId? _installing;

    private void OnSnapshotTaken(SnapshotTaken e)
    {
        Invariant.Holds(e.Last.Index <= CommitIndex, "only what is committed is in a snapshot");
        Invariant.Holds(e.KeepFromForPeers <= e.KeepFrom && e.KeepFrom <= e.Last.Index + 1, "what is cut off the log is in the snapshot");
        if (e.Last.Index > SnapshotIndex)
            SnapshotId = e.Last;
        _log.MarkApplied(e.Last.Index);
        var keepFrom = Math.Min(e.KeepFrom, NeededByPeers(e.KeepFromForPeers));
        if (keepFrom > _log.FirstIndex)
            TruncateLogPrefix(keepFrom);
    }

    /// <summary>
    /// The first entry that a peer in contact still needs: behind the snapshot it is being sent, or behind what it has. Were those entries gone, it would need the next snapshot, and the one after
    /// that.
    /// </summary>
    private long NeededByPeers(long limit)
    {
        var first = long.MaxValue;
        foreach (var peer in _peers)
        {
            var needed = 1 + (peer.State == ProgressState.Snapshot ? peer.Snapshot.Index : peer.Match);
            if (needed == 1 || needed <= _log.Base.Index || !IsInContact(peer))
                continue;
            if (needed < limit)
                _effects.Add(new PeerLeftBehind(peer.NodeId, needed, limit));
            first = Math.Min(first, Math.Max(needed, limit));
        }
        return first;
    }

    private void TruncateLogPrefix(long first)
    {
        _log.TruncatePrefix(first);
        _configurations.ForgetBefore(_log.Base.Index);
        _effects.Add(new TruncatePrefix(first));
    }

    private void BeginSnapshot(Progress peer)
    {
        peer.BecomeSnapshot();
        AskChunk(peer);
    }

    private void AskChunk(Progress peer)
    {
        if (peer.ChunkPending)
            return;
        peer.ChunkPending = true;
        _effects.Add(new ReadSnapshotChunk(peer.NodeId, peer.Snapshot, peer.SnapshotSent, peer.Link.PieceBytes(_settings.SnapshotChunkBytes)));
    }

    private void AskNextChunk(Progress peer)
    {
        if (peer.HasSnapshotRoom)
            AskChunk(peer);
    }

    private void OnSnapshotChunkRead(SnapshotChunkRead e)
    {
        if (FindPeer(e.Peer) is not { } peer)
            return;
        peer.ChunkPending = false;
        if (peer.State != ProgressState.Snapshot)
            return;
        if (e.Offset != peer.SnapshotSent || (e.Offset > 0 && e.TotalBytes > 0 && e.Last != peer.Snapshot))
        {
            // It was read for a place at which this transfer does not stand any more.
            AskNextChunk(peer);
            return;
        }
        if (e.TotalBytes == 0)
        {
            // The one that was being sent is gone: begin anew with the newest. If there is none at all, try again later.
            if (peer.SnapshotSent > 0)
                BeginSnapshot(peer);
            return;
        }
        peer.SentSnapshotChunk(e.Last, e.TotalBytes, e.Data.Length, _now.Ticks);
        Send(peer.NodeId, new InstallSnapshot(Term, e.Last, e.TotalBytes, e.Offset, e.Data, _round));
        AskNextChunk(peer);
    }

    /// <summary>Asks, behind every piece that is under way, for the next byte that is wanted: the answer says what is lost, or that everything is installed.</summary>
    private void CheckSnapshotArrival(Progress peer)
    {
        if (peer.State != ProgressState.Snapshot || peer.ChunkPending || !peer.IsCheckDue(_now.Ticks))
            return;
        peer.Checked(_now.Ticks);
        if (peer.SnapshotBytes == 0)
            AskChunk(peer); // There was no snapshot yet.
        else
            Send(peer.NodeId, new InstallSnapshot(Term, peer.Snapshot, peer.SnapshotBytes, peer.SnapshotSent, default, _round));
    }

    private void OnInstallSnapshotReply(string from, InstallSnapshotReply m)
    {
        if (m.Term < Term || FindPeer(from) is not { } peer || !Trusts(peer, m.Round))
            return;
        // No round is answered by this: a chunk asks for no promise (dissertation §6.4.1).
        peer.Hear(_now.Ticks);
        if (peer.State != ProgressState.Snapshot || m.Last != peer.Snapshot)
            return;
        if (m.Installed)
        {
            peer.BecomeProbe(m.Last.Index + 1);
            SendProbe(peer);
        }
        else if (m.NextOffset < peer.SnapshotBytes || (m.NextOffset == peer.SnapshotBytes && peer.SnapshotOffset < peer.SnapshotBytes))
        {
            // It had all of it and begins anew: what came was not sound, and may not be so here either.
            if (m.NextOffset == 0 && peer.SnapshotOffset == peer.SnapshotBytes)
                _effects.Add(new CheckSnapshot(m.Last));
            peer.SnapshotWanted(m.NextOffset, _now.Ticks);
            AskNextChunk(peer);
        }
        else if (m.NextOffset == peer.SnapshotBytes)
        {
            // It has all of it and loads it, which takes as long as it takes.
            peer.LastAdvance = _now.Ticks;
        }
    }

    private void OnInstallSnapshot(string from, InstallSnapshot m)
    {
        if (m.Term < Term)
        {
            Send(from, new InstallSnapshotReply(Term, m.Last, 0, Installed: false, m.Round));
            return;
        }
        HearLeader(from);
        if (m.Last.Index <= CommitIndex)
        {
            Send(from, new InstallSnapshotReply(Term, m.Last, m.TotalBytes, Installed: true, m.Round));
        }
        else if (_installing is not null)
        {
            if (m.Last == _installing)
                Send(from, new InstallSnapshotReply(Term, m.Last, m.TotalBytes, Installed: false, m.Round));
        }
        else if (_waitingPieces.TryAdd(m.Data.Length, _settings.MaxSnapshotWaitingBytes))
        {
            _incoming = new IncomingSnapshot(from, m.Last, m.TotalBytes);
            _effects.Add(new WriteSnapshotChunk(from, m.Last, m.TotalBytes, m.Offset, m.Data));
        }
        // else: the disk is busy. The leader asks what has arrived, and sends it again then.
    }

    private void OnSnapshotChunkWritten(SnapshotChunkWritten e)
    {
        _waitingPieces.TakeOldest();
        if (e.NextOffset < 0)
            return; // There was no room for it. The leader asks.
        if (_incoming is not { } incoming || incoming.From != e.From || incoming.Last != e.Last || LeaderId != e.From)
            return;
        if (e.NextOffset == incoming.TotalBytes && _installing is null && e.Last.Index > CommitIndex)
        {
            _installing = e.Last;
            _effects.Add(new InstallReceivedSnapshot(e.From, e.Last));
        }
        Send(e.From, new InstallSnapshotReply(Term, e.Last, e.NextOffset, Installed: e.Last.Index <= CommitIndex, _roundSeen));
    }

    private void OnSnapshotInstalled(SnapshotInstalled e)
    {
        Invariant.Holds(_installing == e.Last, "what is installed was asked for");
        var total = _incoming?.TotalBytes ?? 0;
        _installing = null;
        _incoming = null;
        if (e.Ok)
            AdoptSnapshot(e.Last, e.Configuration ?? ClusterConfiguration.Empty, e.ConfigurationIndex, e.LogTimeMs);
        if (_electionDeadline == Moment.Never)
            ArmElection();
        if (LeaderId == e.From)
            Send(e.From, new InstallSnapshotReply(Term, e.Last, e.Ok ? total : 0, e.Ok, _roundSeen));
    }

    private void AdoptSnapshot(EntryId last, ClusterConfiguration configuration, long configurationIndex, long logTimeMs)
    {
        Invariant.Holds(last.Index > CommitIndex, "a snapshot never takes back what is committed");
        var keepsSuffix = _log.Contains(last);
        NoteMembership(keepsSuffix ? last.Index : CommitIndex);
        CommitIndex = _applyIssued = last.Index;
        SnapshotId = last;
        _clock.NotBefore(logTimeMs, _now);
        // The snapshot's configuration replaces every older one, also those that were only ever appended here.
        _configurations.ReplaceUpTo(last.Index, configurationIndex, configuration, keepsSuffix);
        if (keepsSuffix)
        {
            _log.MarkApplied(last.Index);
            TruncateLogPrefix(last.Index + 1);
            _verified = Math.Max(_verified, last.Index);
        }
        else
        {
            // A log that does not contain the snapshot's last entry conflicts with it, as a whole (Raft §7, figure 13).
            SaveVoteIfChanged();
            _log.Reset(last, logTimeMs);
            _verified = last.Index;
            _effects.Add(new ResetLog(last));
        }
        _reportedMatch = 0;
        _owesAnswer = _verified > _log.DurableIndex;
        OnConfigurationInForce();
        UpdatePassiveRole("a snapshot was installed");
    }

    private sealed record IncomingSnapshot(string From, EntryId Last, long TotalBytes);
}
