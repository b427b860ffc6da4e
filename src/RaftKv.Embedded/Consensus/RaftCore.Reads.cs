using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Consensus;

// Linearizable reads by read index (dissertation §6.4) and by leader lease (dissertation §6.4.1).
internal sealed partial class RaftCore
{
    /// <summary>How long followers go on being asked for promises after the last reader wanted a lease.</summary>
    private static readonly long LeaseInterest = TimeSpan.FromSeconds(10).Ticks;

    /// <summary>How long a quorum may take for its answers before the other voters are asked too.</summary>
    private static readonly long Patience = TimeSpan.FromMilliseconds(2).Ticks;

    private readonly ReadQueue _reads = new();
    private readonly List<PendingRead> _readsTaken = [];
    private readonly Queue<(long Round, long SentAt)> _rounds = new();
    private long _round;

    /// <summary>Names a follower's questions. Begins at random, so that an answer from before a restart fits none of them.</summary>
    private long _nextQuestion;

    /// <summary>When a question that some voters were spared is put to them too; <see cref="Moment.Never"/> while there is none.</summary>
    private long _askOthersAt = Moment.Never;

    private long _leaseWantedUntil;

    /// <summary>From this round on every message has asked for a promise.</summary>
    private long _leaseFromRound = long.MaxValue;
    private bool _leaseForfeited;
    private long _leaseUntil;

    /// <summary>Reads may be served from this node without asking anybody while the time, in ticks, is before this; 0 if they may not.</summary>
    public long LeaseUntil => CanServeReads ? _leaseUntil : 0;

    private bool LeaseIsWanted => _leaseFromRound <= _round;

    private int LeaseMs => (int)Math.Min(_settings.ElectionTimeout / TimeSpan.TicksPerMillisecond, int.MaxValue);

    private void BeginRounds()
    {
        _rounds.Clear();
        _askOthersAt = Moment.Never;
        _leaseForfeited = false;
        EndLease();
        if (_now.Ticks < _leaseWantedUntil && LeaseMs > 0)
            _leaseFromRound = 1;
        _round = 1;
        _rounds.Enqueue((_round, _now.Ticks));
    }

    /// <summary>Asks every peer whether it still follows. Whoever answers this round, or a later one, did so after now.</summary>
    private void BeginRound(bool votersOnly = false)
    {
        CountRound();
        foreach (var peer in _peers)
        {
            if (!votersOnly || peer.IsVoter)
                SendHeartbeat(peer);
        }
        if (Configuration.VoterCount == 1)
            OnRoundAnswered(); // Nobody else has to.
    }

    /// <summary>
    /// Asks only as many voters as make a quorum, those that answered last: reads come by the thousand, and an answer more proves nothing more. The others are asked when these take long.
    /// </summary>
    private void AskQuorum()
    {
        CountRound();
        for (var asked = Self is { IsVoter: true } ? 1 : 0; asked < Configuration.Quorum && LastToAnswer() is { } peer; asked++)
            SendHeartbeat(peer);
        if (Configuration.VoterCount == 1)
            OnRoundAnswered();
        else
            _askOthersAt = _now.Ticks + Patience;
    }

    /// <summary>Of the voters that were not told of this round, the one that answered last.</summary>
    private Progress? LastToAnswer()
    {
        Progress? best = null;
        foreach (var peer in _peers)
        {
            if (peer.IsVoter && peer.RoundSent < _round && (best is null || (!peer.IsGone, peer.Round).CompareTo((!best.IsGone, best.Round)) > 0))
                best = peer;
        }
        return best;
    }

    private void AskOthers()
    {
        _askOthersAt = Moment.Never;
        if (!_reads.HasQuestion)
            return;
        foreach (var peer in _peers)
        {
            if (peer.IsVoter && peer.RoundSent < _reads.Question)
                SendHeartbeat(peer);
        }
    }

    private void CountRound()
    {
        _round++;
        _rounds.Enqueue((_round, _now.Ticks));
        var wanted = _now.Ticks < _leaseWantedUntil && !_leaseForfeited && LeaseMs > 0;
        if (!wanted)
            _leaseFromRound = long.MaxValue;
        else if (_leaseFromRound == long.MaxValue)
            _leaseFromRound = _round;
    }

    private void OnRoundAnswered()
    {
        Span<long> answered = Configuration.VoterCount <= 64 ? stackalloc long[Configuration.VoterCount] : new long[Configuration.VoterCount];
        var count = 0;
        if (Self is { IsVoter: true })
            answered[count++] = _round;
        foreach (var peer in _peers)
        {
            if (peer.IsVoter)
                answered[count++] = peer.Round;
        }
        var proven = QuorumOf(answered[..count]);
        while (_rounds.TryPeek(out var round) && round.Round < proven)
            _rounds.Dequeue();
        if (_rounds.TryPeek(out var newest) && newest.Round == proven && proven >= _leaseFromRound)
        {
            // The promises began when the round arrived, which is after it was sent; the followers' clocks may run faster than ours.
            var lease = (long)(LeaseMs * TimeSpan.TicksPerMillisecond * (1 - _settings.MaxClockDrift));
            _leaseUntil = Math.Max(_leaseUntil, newest.SentAt + lease);
        }
        if (_reads.HasQuestion && _reads.Question <= proven)
            AnswerAskedReads(_reads.Index);
    }

    private void OnReadRequested(PendingRead read)
    {
        if (LeaderId is null || !_reads.TryAdd(read))
            Answer(read, -1);
        else
            AskWaitingReads();
    }

    private void AskWaitingReads()
    {
        if (!_reads.HasWaiting || _reads.HasQuestion)
            return;
        if (Role != RaftRole.Leader)
        {
            _reads.Ask(++_nextQuestion, 0);
            Send(LeaderId!, new ReadIndexRequest(Term, _nextQuestion));
        }
        else if (CanServeReads)
        {
            _reads.Ask(_round + 1, CommitIndex);
            AskQuorum();
        }
    }

    private void OnReadIndexRequest(string from, ReadIndexRequest m)
    {
        if (Role == RaftRole.Leader && m.Term <= Term)
            OnReadRequested(new PendingRead(m.Id, from, _now.Ticks));
        else
            Send(from, new ReadIndexReply(Term, m.Id, -1));
    }

    private void OnReadIndexReply(ReadIndexReply m)
    {
        if (Role == RaftRole.Leader || !_reads.HasQuestion || m.Id != _reads.Question)
            return;
        if (m.Index >= 0 && m.Term == Term && _installing is null)
            AdvanceCommit(Math.Min(m.Index, _verified));
        AnswerAskedReads(m.Index);
    }

    private void AnswerAskedReads(long index)
    {
        _askOthersAt = Moment.Never;
        _reads.TakeAsked(_readsTaken);
        AnswerTaken(index);
        AskWaitingReads();
    }

    private void ExpireReads()
    {
        if (_reads.Oldest > _now.Ticks - _settings.ElectionTimeout)
            return;
        _reads.TakeOlder(_now.Ticks - _settings.ElectionTimeout, _readsTaken);
        AnswerTaken(-1);
        if (LeaderId is not null)
            AskWaitingReads();
    }

    private void FailReads()
    {
        _reads.TakeAll(_readsTaken);
        AnswerTaken(-1);
    }

    private void AnswerTaken(long index)
    {
        foreach (var read in _readsTaken)
            Answer(read, index);
        _readsTaken.Clear();
    }

    private void Answer(PendingRead read, long index)
    {
        if (read.From is { } from)
            Send(from, new ReadIndexReply(Term, read.Id, index));
        else
            _effects.Add(index >= 0 ? new ReadReady(read.Id, index) : new ReadFailed(read.Id));
    }

    private void OnLeaseWanted()
    {
        _leaseWantedUntil = _now.Ticks + LeaseInterest;
        if (Role == RaftRole.Leader && !LeaseIsWanted && !_leaseForfeited)
            BeginRound(votersOnly: true);
    }

    private void EndLease()
    {
        _leaseFromRound = long.MaxValue;
        _leaseUntil = 0;
    }
}
