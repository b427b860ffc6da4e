using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Tells the callers of this process the outcome of their writes. A write is recognized by its session and sequence: it does not matter
/// which leader brought it into the log.
/// </summary>
internal sealed class WriteAnswers(PendingWrites pending)
{
    public event Action<ReplicaInput>? Notify;

    /// <summary>This process's session. Written by the holder of the turn.</summary>
    public long Session { get => Volatile.Read(ref field); set => Volatile.Write(ref field, value); }

    /// <summary>Identifies this process's request for a session.</summary>
    public Guid Nonce { get; init; }

    /// <summary>Apply thread. When this node learned that the entries applied next are committed, in monotonic ticks.</summary>
    public long CommittedAt { get; set; }

    /// <summary>Apply thread.</summary>
    /// <param name="index">The entry that was applied.</param>
    /// <param name="session">The session at the beginning of the batch.</param>
    /// <param name="result">The result of the state machine.</param>
    public void Tell(long index, long session, in ApplyResult result)
    {
        if (result.Session != 0 && result.Session == session)
            Tell(result);
        else if (result.Nonce == Nonce)
            Notify?.Invoke(new SessionOpened(index));
    }

    private void Tell(in ApplyResult result)
    {
        if (pending.Find(result.Sequence) is not { } write)
            return;
        if (result.Status == ApplyStatus.SessionExpired)
            Notify?.Invoke(new SessionLost(result.Session));
        else
            Answer(write, result);
    }

    private void Answer(WriteOperation write, in ApplyResult result)
    {
        write.CommittedAt = CommittedAt;
        write.Answer(result);
    }
}
