using System.Runtime.InteropServices;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Consensus;

/// <summary>
/// Linearizable reads that wait for a proof. One question is under way at a time and serves every read that waited when it was asked;
/// reads that come later wait for the next one, because a proof must be younger than the read it serves (dissertation §6.4).
/// </summary>
internal sealed class ReadQueue
{
    private const int MaxReads = 1 << 17;

    private List<PendingRead> _waiting = [];
    private List<PendingRead> _asked = [];

    /// <summary>The number of the question under way: the leader's round, or the follower's request.</summary>
    public long Question { get; private set; }

    /// <summary>The commit index when the question was asked.</summary>
    public long Index { get; private set; }

    public bool HasQuestion { get; private set; }

    public bool HasWaiting => _waiting.Count > 0;

    /// <summary>When the oldest read came, in ticks; <see cref="Moment.Never"/> when none waits.</summary>
    public long Oldest => _asked.Count > 0 ? _asked[0].AskedAt : _waiting.Count > 0 ? _waiting[0].AskedAt : Moment.Never;

    public bool TryAdd(PendingRead read)
    {
        if (_waiting.Count + _asked.Count >= MaxReads)
            return false;
        _waiting.Add(read);
        return true;
    }

    public void Ask(long question, long index)
    {
        Invariant.Holds(!HasQuestion && _asked.Count == 0, "one question at a time");
        (_waiting, _asked) = (_asked, _waiting);
        Question = question;
        Index = index;
        HasQuestion = true;
    }

    /// <summary>Takes the reads of the question under way, which is over.</summary>
    public void TakeAsked(List<PendingRead> into)
    {
        into.AddRange(_asked);
        _asked.Clear();
        HasQuestion = false;
    }

    public void TakeAll(List<PendingRead> into)
    {
        TakeAsked(into);
        into.AddRange(_waiting);
        _waiting.Clear();
    }

    /// <summary>Takes the reads that came at or before <paramref name="limit"/>.</summary>
    public void TakeOlder(long limit, List<PendingRead> into)
    {
        TakeOlder(_asked, limit, into);
        TakeOlder(_waiting, limit, into);
        if (_asked.Count == 0)
            HasQuestion = false;
    }

    private static void TakeOlder(List<PendingRead> reads, long limit, List<PendingRead> into)
    {
        var count = 0;
        while (count < reads.Count && reads[count].AskedAt <= limit)
            count++;
        into.AddRange(CollectionsMarshal.AsSpan(reads)[..count]);
        reads.RemoveRange(0, count);
    }
}
