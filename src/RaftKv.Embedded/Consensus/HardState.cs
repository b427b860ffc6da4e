using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Consensus;

/// <summary>
/// What must be durable before a message that depends on it leaves: term, vote and promises to leaders (Raft §5.1, figure 2).
/// </summary>
internal sealed class HardState(RaftStart start)
{
    private bool _isUnsaved;

    public long Term { get; private set; } = start.Term;

    public string? VotedFor { get; private set; } = start.VotedFor;

    public LeasePromises Promises { get; } = new(start.PromiseMs);

    public void EnterTerm(long term, string? vote)
    {
        Invariant.Holds(term > Term, "terms only grow");
        Term = term;
        VotedFor = vote;
        _isUnsaved = true;
    }

    public void VoteFor(string nodeId)
    {
        VotedFor = nodeId;
        _isUnsaved = true;
    }

    /// <summary>Promises a leader to give no vote for a while. The answer, which is the promise, leaves behind the save.</summary>
    public void Promise(int lengthMs, long now)
    {
        if (Promises.Give(lengthMs, now))
            _isUnsaved = true;
    }

    /// <summary>The record to save, if anything has changed since the last one.</summary>
    public SaveVote? TakeUnsaved(long now, long electionTimeout)
    {
        if (!_isUnsaved)
            return null;
        _isUnsaved = false;
        Promises.Forget(now, electionTimeout);
        return new SaveVote(Term, VotedFor, Promises.LongestMs);
    }
}
