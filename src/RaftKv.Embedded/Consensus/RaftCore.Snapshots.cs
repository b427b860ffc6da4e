namespace RaftKv.Embedded.Consensus;

// Snapshots: Raft §7, dissertation §5.
internal sealed partial class RaftCore
{
    /// <summary>The snapshot whose pieces are coming in.</summary>
    private IncomingSnapshot? _incoming;

    /// <summary>The snapshot that is being loaded; meanwhile the log and the commit index stand still.</summary>
    private EntryId? _installing;

    private void OnSnapshotTaken(SnapshotTaken e)
    {
        Invariant.Holds(e.Last.Index <= CommitIndex, "only what is committed is in a snapshot");
        Invariant.Holds(e.KeepFrom <= e.Last.Index + 1, "what is cut off the log is in the snapshot");
        if (e.Last.Index > SnapshotIndex)
            SnapshotId = e.Last;
        _log.MarkApplied(e.Last.Index);
        var keepFrom = e.KeepFrom;
        foreach (var peer in _peers)
        {
            // A peer that is being sent an older snapshot goes on behind that one; were those entries gone, it would need the next
            // snapshot, and the one after that.
            if (peer.State == ProgressState.Snapshot && peer.Snapshot.Index > 0 && IsInContact(peer))
                keepFrom = Math.Min(keepFrom, peer.Snapshot.Index + 1);
        }
        if (keepFrom > _log.FirstIndex)
            TruncateLogPrefix(keepFrom);
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
        peer.SnapshotSentAt = _now.Ticks;
        if (peer.ChunkPending)
            return;
        peer.ChunkPending = true;
        _effects.Add(new ReadSnapshotChunk(peer.NodeId, peer.Snapshot, peer.SnapshotSent, _settings.SnapshotChunkBytes));
    }

    private void AskNextChunk(Progress peer)
    {
        if (peer.HasSnapshotRoom(_settings.SnapshotChunkBytes))
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
        peer.SentSnapshotChunk(e.Last, e.TotalBytes, e.Data.Length);
        peer.SnapshotSentAt = _now.Ticks;
        Send(peer.NodeId, new InstallSnapshot(Term, e.Last, e.TotalBytes, e.Offset, e.Data, _round));
        AskNextChunk(peer);
    }

    private void RepeatLostChunk(Progress peer)
    {
        if (peer.State != ProgressState.Snapshot || peer.ChunkPending || _now.Ticks - peer.SnapshotSentAt < _settings.ElectionTimeout)
            return;
        if (peer.SnapshotBytes > 0 && peer.SnapshotOffset == peer.SnapshotBytes)
        {
            // Everything is there and only the word that it is installed is missing: ask for it.
            peer.SnapshotSentAt = _now.Ticks;
            Send(peer.NodeId, new InstallSnapshot(Term, peer.Snapshot, peer.SnapshotBytes, peer.SnapshotBytes, default, _round));
        }
        else
        {
            peer.RepeatSnapshot();
            AskChunk(peer);
        }
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
        else if (m.NextOffset != peer.SnapshotOffset && m.NextOffset <= peer.SnapshotBytes)
        {
            // It had all of it and begins anew: what came was not sound, and may not be so here either.
            if (m.NextOffset == 0 && peer.SnapshotOffset == peer.SnapshotBytes)
                _effects.Add(new CheckSnapshot(m.Last));
            peer.SnapshotWanted(m.NextOffset, _now.Ticks);
            peer.SnapshotSentAt = _now.Ticks;
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
        else
        {
            _incoming = new IncomingSnapshot(from, m.Last, m.TotalBytes);
            _effects.Add(new WriteSnapshotChunk(from, m.Last, m.TotalBytes, m.Offset, m.Data));
        }
    }

    private void OnSnapshotChunkWritten(SnapshotChunkWritten e)
    {
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
