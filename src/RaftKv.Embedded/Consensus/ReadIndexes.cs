using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Consensus;

/// <summary>
/// Linearizable reads by read index (dissertation §6.4). A follower asks its leader; a leader asks a quorum whether it still leads.
/// </summary>
internal sealed class ReadIndexes(ReplicaState replica, RoleState roles)
{
    /// <summary>How long followers go on being asked for promises after the last reader wanted a lease.</summary>
    private static readonly long LeaseInterest = TimeSpan.FromSeconds(10).Ticks;

    private readonly ReadQueue _reads = new();
    private readonly List<PendingRead> _taken = [];

    /// <summary>
    /// The number of a follower's last question. Begins at random, so that an answer from before a restart matches no question.
    /// </summary>
    private long _nextQuestion = (long)(replica.Random.Next() >> 2);
    private long _leaseWantedUntil;

    /// <summary>When the oldest read is given up, in ticks.</summary>
    public long Deadline => _reads.Oldest == Moment.Never ? Moment.Never : _reads.Oldest + replica.Settings.ElectionTimeout;

    /// <summary>Whether readers of this node want the leader to have a read lease.</summary>
    public bool WantsLease => replica.Now < _leaseWantedUntil;

    public void WantLease() => _leaseWantedUntil = replica.Now + LeaseInterest;

    public void Request(long id, string? from)
    {
        var read = new PendingRead(id, from, replica.Now);
        if (roles.LeaderId is null || !_reads.TryAdd(read))
            Answer(read, -1);
        else
            AskWaiting();
    }

    /// <summary>Asks for the reads that wait, unless a question is under way.</summary>
    public void AskWaiting()
    {
        if (_reads.HasWaiting && !_reads.HasQuestion)
            Ask();
    }

    /// <summary>Whether the question under way has this number.</summary>
    public bool IsAsked(long question) => _reads.HasQuestion && _reads.Question == question;

    /// <summary>Whether the question under way is this round or an earlier one.</summary>
    public bool IsAskedBy(long round) => _reads.HasQuestion && _reads.Question <= round;

    /// <summary>Whether the question under way is a later round than the one a voter was sent.</summary>
    public bool IsUnknownTo(Progress peer) => _reads.HasQuestion && peer.Contact.RoundSent < _reads.Question;

    /// <summary>Answers the question under way with the commit index at the time when it was asked.</summary>
    public void AnswerAsked() => AnswerAsked(_reads.Index);

    /// <summary>Answers the question under way; a negative index is a refusal.</summary>
    public void AnswerAsked(long index)
    {
        _reads.TakeAsked(_taken);
        AnswerTaken(index);
        AskWaiting();
    }

    public void Expire()
    {
        var limit = replica.Now - replica.Settings.ElectionTimeout;
        if (_reads.Oldest > limit)
            return;
        _reads.TakeOlder(limit, _taken);
        AnswerTaken(-1);
        if (roles.LeaderId is not null)
            AskWaiting();
    }

    /// <summary>Another node leads, or none: the reads that wait have to be asked for again.</summary>
    public void Fail()
    {
        _reads.TakeAll(_taken);
        AnswerTaken(-1);
    }

    private void Ask()
    {
        if (roles.Leadership is not { } leadership)
        {
            _reads.Ask(++_nextQuestion, 0);
            replica.Send(roles.LeaderId!, new ReadIndexRequest(replica.Term, _nextQuestion));
        }
        else if (leadership.CanServeReads)
        {
            _reads.Ask(leadership.Rounds.Newest + 1, replica.CommitIndex);
            leadership.Heartbeats.AskQuorum();
        }
    }

    private void AnswerTaken(long index)
    {
        foreach (var read in _taken)
            Answer(read, index);
        _taken.Clear();
    }

    private void Answer(PendingRead read, long index)
    {
        if (read.From is { } from)
            replica.Send(from, new ReadIndexReply(replica.Term, read.Id, index));
        else
            replica.Outbox.Add(index >= 0 ? new ReadReady(read.Id, index) : new ReadFailed(read.Id));
    }
}
