using RaftKv.Embedded.Replica;

namespace RaftKv.Embedded.Client;

/// <summary>What the keep-alive thread knows of a lease.</summary>
internal sealed class HeldLease(KvLease lease, long timeToLive, long safeTime, long sentAt)
{
    public KvLease Lease => lease;

    /// <summary>When the lease may be lost, in monotonic ticks.</summary>
    public long Deadline { get; private set; } = sentAt + safeTime;

    /// <summary>When the next renewal is due.</summary>
    public long NextRenewal { get; private set; } = sentAt + (timeToLive / 3);

    /// <summary>The renewal under way.</summary>
    public WriteOperation? Renewal { get; private set; }

    private ValueTask<KvWriteResult> _answer;
    private long _sentAt;

    public void Sent(WriteOperation renewal, ValueTask<KvWriteResult> answer, long now) => (Renewal, _answer, _sentAt) = (renewal, answer, now);

    /// <summary>Looks for the answer of the renewal under way; <c>false</c> when the lease is gone.</summary>
    public bool TakeAnswer(long now)
    {
        if (!_answer.IsCompleted)
            return true;
        Renewal = null;
        try
        {
            _answer.GetAwaiter().GetResult();
            Deadline = _sentAt + safeTime;
            NextRenewal = _sentAt + (timeToLive / 3);
            return true;
        }
        catch (RaftKvLeaseException)
        {
            return false;
        }
        catch (RaftKvException)
        {
            // Not now; until the deadline there is time to try again.
            NextRenewal = now + (timeToLive / 20);
            return true;
        }
    }
}
