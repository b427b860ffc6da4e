using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Consensus;

/// <summary>
/// A node follows a leader of its term: the follower's side of replication (Raft §5.3). Created when the node learns who leads, and
/// dropped with that leader.
/// </summary>
internal sealed class Following(ReplicaState replica, OwnMembership membership, string leaderId)
{
    /// <summary>The last index up to which this log was compared with the leader's log and agrees.</summary>
    private long _verified = replica.CommitIndex;
    private long _roundAnswered;
    private long _reportedMatch;

    /// <summary>Entries were taken and not acknowledged: the disk does not have them yet.</summary>
    private bool _owesAnswer;

    public string LeaderId { get; } = leaderId;

    /// <summary>The connection of the leader was reset, and no message has come since.</summary>
    public bool IsLeaderGone { get; set; }

    /// <summary>The newest heartbeat round of the leader.</summary>
    public long RoundSeen { get; private set; }

    private long DurableMatch => Math.Min(_verified, replica.Log.DurableIndex);

    /// <summary>
    /// Whether there is no room until the state machine has caught up. Uncommitted entries are no reason to refuse others: their commit may
    /// need the entries that come now, and the leader bounds them.
    /// </summary>
    private bool WaitsForStateMachine =>
        replica.Log.UnappliedBytes > 2 * replica.Settings.MaxUncommittedBytes && replica.Log.Applied < replica.CommitIndex;

    /// <summary>
    /// Whether there is no room until this node's disk has caught up. The disk goes on without the entries that come now.
    /// </summary>
    private bool WaitsForDisk => replica.Log.UndurableBytes > 2 * replica.Settings.MaxUncommittedBytes;

    /// <param name="m">A message of the leader of this term.</param>
    /// <param name="isInstalling">A snapshot is being installed: the log stands still.</param>
    public void OnAppendEntries(AppendEntries m, bool isInstalling)
    {
        if (m.LogTimeMs > 0)
            replica.Clock.Observe(replica.Term, m.LogTimeMs, replica.Outbox.Now);
        RoundSeen = Math.Max(RoundSeen, m.Round);
        if (isInstalling)
        {
            Acknowledge();
            return;
        }

        var entries = m.Entries.Span;
        if (!entries.IsEmpty && (entries[0].Index != m.Previous.Index + 1 || entries[^1].Index != m.Previous.Index + entries.Length))
            return;

        // Committed entries are in every leader's log (Leader Completeness), so at or before them there is nothing to compare.
        if (m.Previous.Index > replica.CommitIndex && !replica.Log.Contains(m.Previous))
        {
            Refuse(m);
            return;
        }
        if (entries.IsEmpty)
            OnHeartbeat(m);
        else if (!WaitsForStateMachine && !WaitsForDisk)
            TakeEntries(m);
        // else: no room. The leader notices by the answer to its next heartbeat and sends again.
    }

    /// <summary>One answer for everything that became durable with this write.</summary>
    public void AcknowledgeDurable()
    {
        if (_owesAnswer && DurableMatch > _reportedMatch)
            Acknowledge();
    }

    /// <summary>
    /// The leader has committed up to <paramref name="index"/>. Entries that were not compared with its log are not committed here.
    /// </summary>
    public void CommitVerified(long index) => AdvanceCommit(Math.Min(index, _verified));

    /// <summary>The leader's snapshot is in force.</summary>
    public void OnSnapshotAdopted(long index, bool keepsSuffix)
    {
        _verified = keepsSuffix ? Math.Max(_verified, index) : index;
        _reportedMatch = 0;
        _owesAnswer = _verified > replica.Log.DurableIndex;
    }

    private void AdvanceCommit(long to) => membership.AdvanceCommit(to);

    private void Refuse(AppendEntries m)
    {
        var hint = m.Previous.Index > replica.Log.LastIndex ? replica.Log.Last : replica.Log.FirstOfTermAt(m.Previous.Index);
        _roundAnswered = RoundSeen;
        replica.Send(LeaderId, new AppendReply(replica.Term, Accepted: false, 0, hint, m.Previous.Index, RoundSeen));
    }

    private void OnHeartbeat(AppendEntries m)
    {
        // A message that only tells the commit index needs no answer: the answer would tell the leader nothing new.
        var isNotice = m.Round == _roundAnswered && m.Commit > replica.CommitIndex
            && m.Previous.Index <= _verified && DurableMatch == _reportedMatch;
        _verified = Math.Max(_verified, m.Previous.Index);
        AdvanceCommit(Math.Min(m.Commit, _verified));
        if (!isNotice)
            Acknowledge();
    }

    private void TakeEntries(AppendEntries m)
    {
        var log = replica.Log;
        var known = 0;
        var entries = m.Entries.Span;
        while (known < entries.Length && (entries[known].Index <= replica.CommitIndex || log.Contains(entries[known].Id)))
            known++;
        if (known < entries.Length)
        {
            // If the same end of a log were written twice, with another in between, a confirmation by the disk could mean either write.
            if (log.IsPending(entries[^1].Id))
                return;
            var first = entries[known].Index;
            if (first <= log.LastIndex)
                Truncate(first);
            Append(m.Entries[known..]);
        }
        _verified = Math.Max(_verified, entries[^1].Index);
        AdvanceCommit(Math.Min(m.Commit, _verified));
        if (log.DurableIndex >= _verified)
            Acknowledge();
        else
            _owesAnswer = true;
    }

    private void Truncate(long first)
    {
        Invariant.Holds(first > _verified, "what agrees with the leader is never truncated");
        replica.TruncateFrom(first);
    }

    private void Append(ReadOnlyMemory<LogEntry> entries)
    {
        replica.Append(entries);
        replica.Clock.Observe(replica.Term, replica.Log.LastTimeMs, replica.Outbox.Now);
        membership.OnConfigurationInForce();
    }

    private void Acknowledge()
    {
        _reportedMatch = DurableMatch;
        _roundAnswered = RoundSeen;
        _owesAnswer = _reportedMatch < _verified;
        replica.Send(LeaderId, new AppendReply(replica.Term, Accepted: true, _reportedMatch, default, _verified, RoundSeen));
    }
}
