using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Consensus;

/// <summary>The leader's side of replication (Raft §5.3): sends each peer the entries that it lacks.</summary>
internal sealed class Replication(ReplicaState replica, PeerSet peers, HeartbeatRounds rounds, ReadLease lease, SnapshotSending snapshots)
{
    /// <summary>The last message of this step, sent again to peers that need the same.</summary>
    private AppendEntries? _lastAppend;

    /// <summary>
    /// The entry with which log time has jumped in this term; 0 is none. Until it is committed no heartbeat says the time: a follower
    /// that knew the time but not the entry would take the jump for time with a leader.
    /// </summary>
    public long TimeJump { get; set; }

    /// <summary>The step is over in which the newest message was sent.</summary>
    public void ForgetLastAppend() => _lastAppend = null;

    public void ReplicateToAll()
    {
        foreach (var peer in peers)
            Replicate(peer);
    }

    /// <summary>Sends a peer what it may be sent now.</summary>
    public void Replicate(Progress peer)
    {
        var log = replica.Log;
        if (peer.State == ProgressState.Probe && !peer.ProbeSent)
            SendProbe(peer);
        while (peer.State == ProgressState.Replicate && peer.Next <= log.LastIndex && !peer.ReadPending && peer.Link.HasRoom
            && peers.IsSentEntries(peer))
        {
            if (peer.Next <= log.Base.Index)
            {
                snapshots.Begin(peer);
            }
            else if (peer.Next < log.FirstInMemory)
            {
                peer.ReadPending = true;
                replica.Outbox.Add(new ReadEntries(peer.NodeId, peer.Next, peer.Link.PieceBytes(replica.Settings.MaxAppendBytes)));
            }
            else
            {
                SendEntries(peer, log.Slice(peer.Next, peer.Link.PieceBytes(replica.Settings.MaxAppendBytes), out var bytes), bytes);
            }
        }
    }

    /// <summary>
    /// Asks whether the logs agree before <see cref="Progress.Next"/>, and sends along the entries from there on if they are in memory.
    /// </summary>
    public void SendProbe(Progress peer)
    {
        var log = replica.Log;
        if (peer.Next <= log.Base.Index)
        {
            snapshots.Begin(peer);
            return;
        }
        var bytes = 0;
        var atHand = peers.IsSentEntries(peer) && peer.Next >= log.FirstInMemory && peer.Next <= log.LastIndex;
        var entries = atHand ? log.Slice(peer.Next, peer.Link.PieceBytes(replica.Settings.MaxAppendBytes), out bytes) : default;
        peer.Probed(entries.Length, bytes, replica.Now);
        SendAppend(peer, peer.Next - 1, entries);
    }

    public void SendHeartbeat(Progress peer)
    {
        var log = replica.Log;
        if (peer.State != ProgressState.Snapshot && peer.Next <= log.Base.Index && !peer.HasLostEntries)
            snapshots.Begin(peer);
        // A heartbeat may pass entries sent before it, so it names no entry that the peer may not have yet. All logs agree at index 0.
        var previous = peer.State switch
        {
            _ when peer.HasLostEntries => 0,
            ProgressState.Probe => peer.Next - 1,
            ProgressState.Replicate when peer.Match >= log.Base.Index => peer.Match,
            _ => 0,
        };
        SendAppend(peer, previous, default);
    }

    /// <summary>Tells a peer that keeps up of the commit index, unless it was told before.</summary>
    public void SendCommit(Progress peer)
    {
        if (peer.State == ProgressState.Replicate && peer.Contact.CommitSent < replica.CommitIndex)
            SendHeartbeat(peer);
    }

    /// <summary>Asks, after everything that is under way, whether it has arrived: a refusal is the evidence that it has not.</summary>
    public void CheckArrival(Progress peer)
    {
        if (peer.State != ProgressState.Replicate || peer.InflightMessages == 0 || !peer.Link.IsCheckDue(replica.Now))
            return;
        if (peer.Next <= replica.Log.Base.Index)
        {
            // The log no longer has the entry before the next one to send: there is nothing left to compare with.
            snapshots.Begin(peer);
            return;
        }
        peer.Checked(replica.Now);
        SendAppend(peer, peer.Next - 1, default, keepsItsPlace: true);
    }

    /// <summary>Entries were read from this node's disk.</summary>
    public void OnEntriesRead(EntriesRead e)
    {
        if (peers.Find(e.Peer) is not { } peer)
            return;
        peer.ReadPending = false;
        var entries = e.Entries.Span;
        var canSend = peer.State == ProgressState.Replicate && peer.Next > replica.Log.Base.Index;
        if (entries.IsEmpty && canSend)
            return; // Not readable right now; the next heartbeat tries again.
        if (!entries.IsEmpty && canSend && entries[0].Index == peer.Next && replica.Log.Contains(entries[^1].Id))
        {
            var bytes = 0;
            foreach (ref readonly var entry in entries)
                bytes += entry.Size;
            SendEntries(peer, e.Entries, bytes);
        }
        Replicate(peer);
    }

    /// <summary>A peer has acknowledged entries; <c>true</c> when its match index has advanced.</summary>
    public bool OnAccepted(Progress peer, AppendReply m, long verified)
    {
        var advanced = peer.Acknowledge(m.Match, rounds.Newest, replica.Now);
        // A follower says how far it has compared its log even when its disk lags: what it has need not be sent again.
        if ((peer.State == ProgressState.Probe && verified >= peer.Next - 1)
            || (peer.State == ProgressState.Snapshot && verified >= replica.Log.Base.Index))
            peer.BecomeReplicate(Math.Max(peer.Next, verified + 1), replica.Now);
        return advanced;
    }

    /// <summary>The log of a peer does not agree at the place that it was asked about.</summary>
    public void OnRefused(Progress peer, AppendReply m)
    {
        // An old refusal: of a probe that was answered before, or of something the peer has acknowledged since.
        var isOld = peer.State switch
        {
            ProgressState.Probe => m.Previous != peer.Next - 1,
            ProgressState.Replicate => m.Previous >= peer.Next,
            _ => true,
        };
        if (isOld || m.Previous <= peer.Match)
            return;
        var hint = m.Hint;
        var log = replica.Log;
        var next = log.Contains(hint) ? hint.Index + 1 : log.LastIndexWithTermUpTo(hint.Index - 1, hint.Term) + 1;
        peer.BecomeProbe(Math.Min(next, m.Previous));
        SendProbe(peer);
    }

    /// <summary>The disk of a peer has room for entries, or has it no longer.</summary>
    public void OnRoomChanged(Progress peer, PeerRoomChanged e)
    {
        // The snapshot may be small where the entries are not, above all when keys were deleted to make room.
        if (!e.HasRoom && e.FitsSnapshot && replica.SnapshotId.Index > peer.Match
            && peer.State != ProgressState.Snapshot && !peer.HasLostEntries)
            snapshots.Begin(peer);
        if (peer.TakesEntries == e.HasRoom)
            return;
        peer.TakesEntries = e.HasRoom;
        Replicate(peer);
    }

    private void SendEntries(Progress peer, ReadOnlyMemory<LogEntry> entries, int bytes)
    {
        var previous = peer.Next - 1;
        peer.Sent(previous + entries.Length, bytes, replica.Now);
        SendAppend(peer, previous, entries);
    }

    private void SendAppend(Progress peer, long previous, ReadOnlyMemory<LogEntry> entries, bool keepsItsPlace = false)
    {
        var (term, commit, round) = (replica.Term, replica.CommitIndex, rounds.Newest);
        (peer.Contact.CommitSent, peer.Contact.RoundSent) = (commit, round);
        var id = previous == 0 ? default : new EntryId(replica.Log.TermAt(previous), previous);
        var leaseMs = lease.IsAskedIn(round) ? lease.LengthMs : 0;
        // Entries carry their own time; a follower that gets none must still know until when the cluster had a leader.
        var timeMs = entries.IsEmpty && replica.SaysLogTime && commit >= TimeJump ? replica.LogTime(replica.Outbox.Now) : 0;
        // Peers with the same progress are sent the same message object.
        if (_lastAppend is not { } last || last.Previous != id || !last.Entries.Equals(entries) || last.KeepsItsPlace != keepsItsPlace
            || (last.Term, last.Commit, last.Round, last.LeaseMs, last.LogTimeMs) != (term, commit, round, leaseMs, timeMs))
        {
            _lastAppend = last = new AppendEntries(term, id, entries, commit, round, leaseMs)
            {
                LogTimeMs = timeMs,
                KeepsItsPlace = keepsItsPlace,
            };
        }
        replica.Send(peer.NodeId, last);
    }
}
