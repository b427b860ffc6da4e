using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Storage;

/// <summary>The content of a log when it was opened.</summary>
internal sealed record WalRecovery
{
    /// <summary>Where the log is.</summary>
    public required string Directory { get; init; }

    public required long Term { get; init; }

    public required string? VotedFor { get; init; }

    /// <summary>The longest promise to a leader that was saved, in milliseconds.</summary>
    public required int PromiseMs { get; init; }

    public required EntryId LogBase { get; init; }

    public required IReadOnlyList<EntryId> TermStarts { get; init; }

    public required EntryId Last { get; init; }

    /// <summary>The log time of the last entry; 0 if the log is empty.</summary>
    public required long LastTimeMs { get; init; }

    public required IReadOnlyList<LogEntry> Configurations { get; init; }

    public required IReadOnlyList<LogEntry> Tail { get; init; }

    /// <summary>The log has no commit: it is new, or an earlier run ended before its first commit.</summary>
    public required bool IsNew { get; init; }

    /// <summary>
    /// How many bytes of a commit that a crash interrupted were overwritten with zeros. They were not acknowledged, unless commits were not
    /// synced.
    /// </summary>
    public required long BytesCut { get; init; }

    /// <summary>The last run ended with a failed write or sync, and the active segment was written again before it was trusted.</summary>
    public required bool WasPoisoned { get; init; }

    /// <summary>
    /// The last run left its commits in the page cache (<see cref="RaftKvDurability.OsBuffered"/>) and did not close the log. If the power
    /// was cut, entries and votes that this node has sent to others may be lost, without another sign of the loss.
    /// </summary>
    public required bool WasBuffered { get; init; }

    /// <summary>The least number of commits of such a run that are lost.</summary>
    public required long LostCommits { get; init; }

    /// <summary>The number of bytes read and verified.</summary>
    public required long BytesRead { get; init; }

    public required TimeSpan Duration { get; init; }

    /// <summary>
    /// Whether the log continues a snapshot. If not, the process died between installing the snapshot and <see cref="Wal.Reset"/>, and the
    /// log must be reset to it now.
    /// </summary>
    /// <exception cref="RaftKvStorageException">
    /// <see cref="RaftKvStorageError.Damaged"/>: entries between the snapshot and the log are missing.
    /// </exception>
    public bool Continues(EntryId snapshot)
    {
        if (LogBase.Index > snapshot.Index)
        {
            throw new RaftKvStorageException(RaftKvStorageError.Damaged,
                $"The log in {Directory} begins after entry {LogBase}, and the newest whole snapshot ends at {snapshot}: the "
                    + $"entries between them are lost. {Wal.DamageAdvice}");
        }
        if (snapshot.Index > Last.Index)
            return false;
        if (snapshot.Index == LogBase.Index)
            return LogBase.Index == 0 || snapshot.Term == LogBase.Term;
        var term = 0L;
        foreach (var start in TermStarts)
        {
            if (start.Index <= snapshot.Index)
                term = start.Term;
        }
        return term == snapshot.Term;
    }

    /// <summary>
    /// The state that the consensus core starts from, given the newest snapshot, which is loaded already; see <see cref="Continues"/>.
    /// </summary>
    public RaftStart ToStart(EntryId snapshot, ClusterConfiguration configuration, long configurationIndex, long snapshotTimeMs)
    {
        // A snapshot from a leader may become durable before the term of that leader. This node has then sent no reply in that term, and
        // has not voted in it.
        var knowsTerm = Term >= snapshot.Term;
        var start = new RaftStart
        {
            Term = knowsTerm ? Term : snapshot.Term,
            VotedFor = knowsTerm ? VotedFor : null,
            PromiseMs = PromiseMs,
            Snapshot = snapshot,
            SnapshotConfiguration = configuration,
            SnapshotConfigurationIndex = configurationIndex,
            LogBase = snapshot,
            LastIndex = snapshot.Index,
            LastTimeMs = snapshotTimeMs,
        };
        return !Continues(snapshot) ? start : start with
        {
            LogBase = LogBase,
            TermStarts = TermStarts,
            LastIndex = Last.Index,
            LastTimeMs = Math.Max(LastTimeMs, snapshotTimeMs),
            Configurations = Configurations,
            Tail = Tail,
        };
    }
}
