using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Consensus;

// The follower's side of replication: Raft §5.3.
internal sealed partial class RaftCore
{
    /// <summary>Up to here this log was compared with the log of the leader of this term, and agrees.</summary>
    private long _verified;
    private long _roundSeen;
    private long _roundAnswered;
    private long _reportedMatch;

    /// <summary>Entries were taken and not acknowledged: the disk does not have them yet.</summary>
    private bool _owesAnswer;

    private long DurableMatch => Math.Min(_verified, _log.DurableIndex);

    private void OnAppendEntries(string from, AppendEntries m)
    {
        if (m.Term < Term)
        {
            // The reply's term tells a leader of the past that its time is over.
            Send(from, new AppendReply(Term, Accepted: false, 0, _log.Last, m.Previous.Index, m.Round));
            return;
        }
        HearLeader(from);
        if (m.LeaseMs > 0)
            Promise(m.LeaseMs);
        if (m.LogTimeMs > 0)
            _clock.Observe(Term, m.LogTimeMs, _now);
        _roundSeen = Math.Max(_roundSeen, m.Round);
        if (_installing is not null)
        {
            Acknowledge();
            return;
        }

        var entries = m.Entries.Span;
        if (!entries.IsEmpty && (entries[0].Index != m.Previous.Index + 1 || entries[^1].Index != m.Previous.Index + entries.Length))
            return;

        // Committed entries are in every leader's log (Leader Completeness), so at or before them there is nothing to compare.
        if (m.Previous.Index > CommitIndex && !_log.Contains(m.Previous))
        {
            Refuse(m);
            return;
        }
        if (entries.IsEmpty)
            OnHeartbeat(m);
        else if (!WaitsForStateMachine && !WaitsForDisk)
            TakeEntries(m);
        // else: the leader notices by its next heartbeat and tries again.
    }

    /// <summary>
    /// Whether there is no room until the state machine has caught up. What is not committed yet is no reason to refuse: it may need the
    /// very entries that come now, and the leader bounds it.
    /// </summary>
    private bool WaitsForStateMachine => _log.UnappliedBytes > 2 * _settings.MaxUncommittedBytes && _log.Applied < CommitIndex;

    /// <summary>Whether there is no room until this node's disk has caught up. The disk goes on without the entries that come now, so they can wait.</summary>
    private bool WaitsForDisk => _log.UndurableBytes > 2 * _settings.MaxUncommittedBytes;

    private void HearLeader(string from)
    {
        Invariant.Holds(Role != RaftRole.Leader, "a term has one leader (Raft §5.2, Election Safety)");
        if (LeaderId != from || Role is RaftRole.PreCandidate or RaftRole.Candidate)
            BecomeFollower(Term, from, $"{from} leads");
        _leaderContact = _now.Ticks;
        _leaderGone = false;
        ArmElection();
    }

    private void Promise(int leaseMs)
    {
        // The answer, which is the promise, leaves behind the save.
        if (_promises.Give(leaseMs, _now.Ticks))
            _voteUnsaved = true;
        _electionDeadline = Math.Max(_electionDeadline, _promises.Until);
    }

    private void Refuse(AppendEntries m)
    {
        var hint = m.Previous.Index > _log.LastIndex ? _log.Last : _log.FirstOfTermAt(m.Previous.Index);
        _roundAnswered = _roundSeen;
        Send(LeaderId!, new AppendReply(Term, Accepted: false, 0, hint, m.Previous.Index, _roundSeen));
    }

    private void OnHeartbeat(AppendEntries m)
    {
        // A mere notice of commit needs no answer: nothing in it is news to the leader.
        var isNotice = m.Round == _roundAnswered && m.Commit > CommitIndex && m.Previous.Index <= _verified && DurableMatch == _reportedMatch;
        _verified = Math.Max(_verified, m.Previous.Index);
        AdvanceCommit(Math.Min(m.Commit, _verified));
        if (!isNotice)
            Acknowledge();
    }

    private void TakeEntries(AppendEntries m)
    {
        var known = 0;
        var entries = m.Entries.Span;
        while (known < entries.Length && (entries[known].Index <= CommitIndex || _log.Contains(entries[known].Id)))
            known++;
        if (known < entries.Length)
        {
            // Were the same end of a log written twice, with another in between, its confirmation could mean either.
            if (_log.IsPending(entries[^1].Id))
                return;
            var first = entries[known].Index;
            if (first <= _log.LastIndex)
                Truncate(first);
            AppendToLog(m.Entries[known..]);
        }
        _verified = Math.Max(_verified, entries[^1].Index);
        AdvanceCommit(Math.Min(m.Commit, _verified));
        if (_log.DurableIndex >= _verified)
            Acknowledge();
        else
            _owesAnswer = true;
    }

    private void Truncate(long first)
    {
        Invariant.Holds(first > CommitIndex, "what is committed is never truncated");
        Invariant.Holds(first > _verified, "what agrees with the leader is never truncated");
        _log.TruncateFrom(first);
        _configurations.TruncateFrom(first);
    }

    /// <summary>One answer for everything that became durable with this write.</summary>
    private void AcknowledgeDurable()
    {
        if (_owesAnswer && LeaderId is not null && DurableMatch > _reportedMatch)
            Acknowledge();
    }

    private void Acknowledge()
    {
        _reportedMatch = DurableMatch;
        _roundAnswered = _roundSeen;
        _owesAnswer = _reportedMatch < _verified;
        Send(LeaderId!, new AppendReply(Term, Accepted: true, _reportedMatch, default, _verified, _roundSeen));
    }
}
