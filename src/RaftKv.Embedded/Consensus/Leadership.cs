using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Consensus;

/// <summary>
/// This node leads its term. Created when it wins the election, and dropped when it steps down: nothing in here outlives a term.
/// </summary>
internal sealed class Leadership
{
    private readonly ReplicaState _replica;
    private readonly ReadIndexes _reads;
    private readonly QuorumIndex _quorum;
    private readonly Replication _replication;
    private readonly CommitNotices _notices;
    private long _heartbeatDue;

    /// <summary>Until this time, in ticks, the leader does not step down for lack of answers.</summary>
    private long _quorumGraceUntil;

    public Leadership(ReplicaState replica, OwnMembership membership, ReadIndexes reads, LeadershipTransfer transfer)
    {
        (_replica, _reads) = (replica, reads);
        Lease = new ReadLease(replica.Settings);
        Rounds = new HeartbeatRounds(replica, Lease, reads);
        Peers = new PeerSet(replica, Rounds);
        _quorum = new QuorumIndex(replica, Peers);
        Snapshots = new SnapshotSending(replica, Peers, Rounds);
        _replication = new Replication(replica, Peers, Rounds, Lease, Snapshots);
        _notices = new CommitNotices(replica, Peers, _replication);
        Heartbeats = new Heartbeats(replica, Peers, _quorum, Rounds, _replication, reads);
        Log = new LeaderLog(replica, membership, Peers, _replication, _notices, transfer);
        Changes = new MembershipChanges(replica, Peers, Rounds, Heartbeats, Lease, Log, transfer);
        Successors = new SuccessorSelection(replica, Peers, Rounds, Heartbeats, Lease, transfer);
        _heartbeatDue = replica.Now + replica.Settings.HeartbeatInterval;
    }

    public PeerSet Peers { get; }

    public HeartbeatRounds Rounds { get; }

    public ReadLease Lease { get; }

    public Heartbeats Heartbeats { get; }

    public SnapshotSending Snapshots { get; }

    public LeaderLog Log { get; }

    public MembershipChanges Changes { get; }

    public SuccessorSelection Successors { get; }

    /// <inheritdoc cref="LeaderLog.HasCommittedInTerm"/>
    public bool CanServeReads => Log.HasCommittedInTerm;

    /// <summary>
    /// A leader that <see cref="CanServeReads"/> and that a quorum has answered within the time after which it would step down.
    /// </summary>
    public bool HasQuorum => CanServeReads && _replica.Now - QuorumContact() < 2 * _replica.Settings.ElectionTimeout;

    /// <summary>When <see cref="OnTime"/> must be called next, in ticks.</summary>
    public long Deadline => Math.Min(Math.Min(_heartbeatDue, _notices.Due), Heartbeats.AskOthersAt);

    /// <summary>When a quorum was last known to follow, in ticks.</summary>
    public long QuorumContact() => _quorum.Of(VoterValue.HeardAt, own: _replica.Now);

    /// <summary>The step is over: the memory of its entries is about to be used again.</summary>
    public void ForgetBatch()
    {
        Log.ForgetBatch();
        _replication.ForgetLastAppend();
    }

    /// <summary>The reason to step down when the quorum is lost; <c>null</c> when the leader leads on.</summary>
    public string? OnTime()
    {
        var (now, settings) = (_replica.Now, _replica.Settings);
        _notices.OnTime();
        Heartbeats.OnTime();
        if (now < _heartbeatDue)
            return null;

        // After a pause the answers may be waiting in the sockets; they are read before the quorum is given up.
        if (now - _heartbeatDue > settings.HeartbeatInterval)
            _quorumGraceUntil = now + (2 * settings.HeartbeatInterval);
        _heartbeatDue = now + settings.HeartbeatInterval;
        if (now >= _quorumGraceUntil && now - QuorumContact() >= 2 * settings.ElectionTimeout)
            return $"lost contact with the quorum {_replica.Since(QuorumContact())} ago";
        CheckPeers();
        Changes.OnTime();
        Successors.OnTime();
        Log.CatchUpLogTime();
        Heartbeats.AskAll();
        return null;
    }

    public void OnAppendReply(Progress peer, AppendReply m)
    {
        if (m.Term < _replica.Term || m.Match > _replica.Log.LastIndex || !Trusts(peer, m.Round) || !IsOfThisLeadership(m.Round))
            return;
        if (TakesBack(peer, m))
        {
            Distrust(peer, m.Hint);
            return;
        }
        Heartbeats.Hear(peer, m.Round);
        // Before the commit index advances: a configuration that this appends decides the quorum of the commits of this step.
        Changes.ConsiderPending();
        if (m.Accepted)
            OnAccepted(peer, m);
        else
            _replication.OnRefused(peer, m);
        Successors.ConsiderPending();
    }

    public void OnInstallSnapshotReply(Progress peer, InstallSnapshotReply m)
    {
        if (m.Term < _replica.Term || !Trusts(peer, m.Round))
            return;
        // This reply answers no round: a piece asks for no promise (dissertation §6.4.1).
        peer.Hear(_replica.Now);
        if (Snapshots.OnReply(peer, m))
            _replication.SendProbe(peer);
    }

    public void OnEntriesRead(EntriesRead e) => _replication.OnEntriesRead(e);

    public void OnPeerRoomChanged(PeerRoomChanged e)
    {
        if (Peers.Find(e.NodeId) is { } peer)
            _replication.OnRoomChanged(peer, e);
    }

    public void OnPeerDisconnected(string nodeId)
    {
        if (Peers.Find(nodeId) is not { } peer)
            return;
        peer.Contact.Lose();
        // The messages under way are lost with the connection.
        if (peer.State == ProgressState.Replicate)
            peer.BecomeProbe(peer.Match + 1);
    }

    /// <summary>A member has asked for a read index: it follows.</summary>
    public void OnPeerAsked(string nodeId, Guid incarnation)
    {
        if (Peers.Find(nodeId) is { } peer && _replica.Configuration.Find(nodeId) is { } member && member.IsOf(incarnation))
            peer.Hear(_replica.Now);
    }

    public void OnLeaseWanted()
    {
        if (!Lease.IsAskedIn(Rounds.Newest) && !Lease.IsForfeited)
            Heartbeats.AskVoters();
    }

    /// <summary>
    /// Commits what more than half of the voters have on their disks, this node included only as far as its own disk is (Raft §5.4.2).
    /// </summary>
    public void CommitWhatAQuorumHas()
    {
        if (_replica.Configuration.VoterCount == 0)
            return;
        var agreed = _quorum.Of(VoterValue.Match, own: _replica.Log.DurableIndex);
        // Entries of earlier terms are never committed by counting, only by an entry of this term after them (Raft §5.4.2, figure 8).
        if (agreed > _replica.CommitIndex && _replica.Log.TermAt(agreed) == _replica.Term)
            AdvanceCommit(agreed);
    }

    /// <summary>
    /// The leader that has committed its own removal tells its followers, and asks the most advanced voter to take over (dissertation
    /// §4.2.2).
    /// </summary>
    public void HandOverAtRemoval()
    {
        foreach (var peer in Peers)
        {
            if (peer.State == ProgressState.Replicate)
                _replication.SendHeartbeat(peer);
        }
        if (Peers.MostAdvancedVoter() is { } successor)
            _replica.Send(successor.NodeId, new TimeoutNow(_replica.Term));
    }

    /// <summary>Answers every request that this leader held. The caller decides what this node is next.</summary>
    public void End()
    {
        NoteLed();
        _reads.Fail();
        Changes.LeaveToTheNextLeader();
        Successors.GiveUp();
    }

    /// <summary>
    /// Whether a reply of this round may be used: the peer has not lost entries, and the reply is not older than the peer's membership.
    /// </summary>
    private static bool Trusts(Progress peer, long round) => !peer.HasLostEntries && round >= peer.Contact.FirstRound;

    /// <summary>
    /// Each leadership counts its rounds anew. A follower of an older version answers a message of an earlier leadership of this node with
    /// the round of that leadership, which may be one that this leadership has not begun.
    /// </summary>
    private bool IsOfThisLeadership(long round) => round <= Rounds.Newest;

    /// <summary>
    /// Whether a peer refuses an entry that it has acknowledged as durable in this term. A follower never truncates what agrees with the
    /// leader of its term. A refusal that was sent before the acknowledgement, and arrives after it, repeats an older round.
    /// </summary>
    private static bool TakesBack(Progress peer, AppendReply m) => !m.Accepted && m.Previous <= peer.Match && m.Round > peer.MatchRound;

    /// <summary>
    /// The disk of a peer went back in time (an older image, a lost page cache): the peer takes back entries that it acknowledged. Raft
    /// assumes disks that keep what is durable, so the leader treats such a disk like a lost one. It counts for no quorum, a
    /// configuration entry takes its vote, and it comes back as a learner.
    /// </summary>
    private void Distrust(Progress peer, EntryId last)
    {
        _replica.Outbox.Add(new EntriesLost(peer.NodeId, peer.Match, last));
        Lease.Revoke();
        if (peer.IsVoter)
            peer.Distrust();
        else
            Peers.Renew(peer, peer.Incarnation);
    }

    private void OnAccepted(Progress peer, AppendReply m)
    {
        var verified = Math.Min(m.Previous, _replica.Log.LastIndex);
        if (_replication.OnAccepted(peer, m, verified))
            CommitWhatAQuorumHas();
        _replication.Replicate(peer);
        if (Changes.RetireCause is not null)
            return;
        Successors.HandOverTo(peer);
        Changes.OnPeerProgress(peer, verified);
    }

    private void AdvanceCommit(long to)
    {
        _replica.AdvanceCommit(to);
        _notices.OnCommit();
        Changes.OnCommit();
        _reads.AskWaiting();
    }

    private void CheckPeers()
    {
        foreach (var peer in Peers)
        {
            _replication.CheckArrival(peer);
            Snapshots.CheckArrival(peer);
            _replication.Replicate(peer);
        }
    }

    /// <summary>Remembers until when a quorum followed, for the case that this node is the next leader too.</summary>
    private void NoteLed()
    {
        var silent = _replica.Configuration.VoterCount == 0 ? 0 : Math.Max(0, _replica.Now - QuorumContact());
        _replica.Clock.Led(_replica.Term, _replica.LogTime(_replica.Outbox.Now) - (silent / TimeSpan.TicksPerMillisecond));
    }
}
