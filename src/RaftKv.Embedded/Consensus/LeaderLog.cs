using System.Numerics;
using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Consensus;

/// <summary>
/// What a leader appends. Its own write runs beside the network: the entries are sent in the step that appends them (dissertation
/// §10.2.1).
/// </summary>
internal sealed class LeaderLog(
    ReplicaState replica,
    OwnMembership membership,
    PeerSet peers,
    Replication replication,
    CommitNotices notices,
    LeadershipTransfer transfer)
{
    /// <summary>The memory of a batch of up to so many entries is kept for the next one.</summary>
    private const int KeptBatch = 1024;

    private LogEntry[] _batch = [];
    private int _batchCount;

    /// <summary>
    /// The entry with which this leader began its term. Before it is committed, the commit index is not known to be the newest.
    /// </summary>
    public long TermStartIndex { get; } = replica.Log.LastIndex + 1;

    /// <summary>
    /// Whether an entry of this term is committed: only then is the commit index known to be the newest (dissertation §6.4).
    /// </summary>
    public bool HasCommittedInTerm => replica.CommitIndex >= TermStartIndex;

    /// <summary>Appends the entry that begins the term.</summary>
    public void BeginTerm()
    {
        var (clock, log) = (replica.Clock, replica.Log);
        ReadOnlyMemory<byte> led = replica.SaysLogTime ? TermStart.Encode(clock.LedUntil(log.LastTerm, log.LastTimeMs)) : default;
        Append(TermStartIndex, EntryKind.NoOp, led);
    }

    public void Append(ClusterConfiguration configuration) =>
        Append(replica.Log.LastIndex + 1, EntryKind.Configuration, configuration.Encode());

    public void OnProposed(Proposed e)
    {
        RefusalReason? refusal = transfer.IsUnderWay ? RefusalReason.HandingOver
            : replica.Log.HeldBytes > replica.Settings.MaxUncommittedBytes ? RefusalReason.Overloaded
            : null;
        if (refusal is { } reason)
        {
            replica.Outbox.Add(new ProposalRefused(e.Commands, e.From, reason));
            return;
        }
        if (e.Commands.Count == 0)
            return;

        var (term, time) = (replica.Term, replica.LogTime(replica.Outbox.Now));
        var index = replica.Log.LastIndex;
        var entries = NewBatch(e.Commands.Count);
        for (var i = 0; i < entries.Length; i++)
            entries.Span[i] = new LogEntry(term, ++index, time, EntryKind.Command, e.Commands[i]);
        if (e.From is { } from && from != replica.NodeId)
            notices.Expect(index, from);
        Append(entries);
    }

    /// <summary>
    /// The wall clock was not known when this node was elected, and is now. Log time jumps to it. The time before the jump counts as time
    /// without a leader.
    /// </summary>
    public void CatchUpLogTime()
    {
        if (!replica.SaysLogTime || transfer.IsUnderWay)
            return;
        var ledUntil = replica.LogTime(replica.Outbox.Now);
        if (!replica.Clock.TryCatchUp(replica.Outbox.Now))
            return;
        replication.TimeJump = replica.Log.LastIndex + 1;
        Append(replication.TimeJump, EntryKind.NoOp, TermStart.Encode(ledUntil));
    }

    /// <summary>The step is over in which the last batch was appended: its memory is used again.</summary>
    public void ForgetBatch()
    {
        if (_batchCount == 0)
            return;
        _batch.AsSpan(0, _batchCount).Clear();
        _batchCount = 0;
    }

    private void Append(long index, EntryKind kind, ReadOnlyMemory<byte> payload) =>
        Append(new LogEntry[] { new(replica.Term, index, replica.LogTime(replica.Outbox.Now), kind, payload) });

    private void Append(ReadOnlyMemory<LogEntry> entries)
    {
        replica.Append(entries);
        if (membership.OnConfigurationInForce())
            peers.Update();
        replication.ReplicateToAll();
    }

    /// <summary>Memory for the entries of this step; the log copies them.</summary>
    private Memory<LogEntry> NewBatch(int count)
    {
        if (count > KeptBatch)
            return new LogEntry[count];
        if (_batch.Length < count)
            _batch = new LogEntry[(int)BitOperations.RoundUpToPowerOf2((uint)count)];
        _batchCount = count;
        return _batch.AsMemory(0, count);
    }
}
