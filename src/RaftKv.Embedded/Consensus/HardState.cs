using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Consensus;

/// <summary>
/// What must be durable before a message that depends on it leaves: term, vote and promises to leaders (Raft §5.1, figure 2).
/// </summary>
internal sealed class HardState(RaftStart start)
{
    /// <summary>Whether term, vote or promise have changed since the last save.</summary>
    public bool IsUnsaved { get; private set; }

    public long Term { get; private set; } = start.Term;

    public string? VotedFor { get; private set; } = start.VotedFor;

    public LeasePromises Promises { get; } = new(start.PromiseMs);

    public void EnterTerm(long term, string? vote)
    {
        Invariant.Holds(term > Term, "terms only grow");
        Term = term;
        VotedFor = vote;
        IsUnsaved = true;
    }

    public void VoteFor(string nodeId)
    {
        VotedFor = nodeId;
        IsUnsaved = true;
    }

    /// <summary>Promises a leader to give no vote for a while. The answer, which carries the promise, leaves after the save.</summary>
    public void Promise(int lengthMs, long now)
    {
        if (Promises.Give(lengthMs, now))
            IsUnsaved = true;
    }

    /// <summary>The record to save.</summary>
    public SaveVote TakeUnsaved(long now, long electionTimeout)
    {
        IsUnsaved = false;
        Promises.Forget(now, electionTimeout);
        return new SaveVote(Term, VotedFor, Promises.LongestMs);
    }
}
