namespace RaftKv.Embedded.Log;

/// <summary>What a replica reads from its disk when it starts.</summary>
internal sealed record RaftStart
{
    public long Term { get; init; }

    public string? VotedFor { get; init; }

    /// <summary>The longest promise to give no vote that this node may have made, in milliseconds; 0 if none was saved.</summary>
    public int PromiseMs { get; init; }

    /// <summary>The last entry covered by the newest snapshot, already loaded into the state machine; default if none.</summary>
    public EntryId Snapshot { get; init; }

    /// <summary>An entry of the log that is known to be committed; default if none is.</summary>
    public EntryId Committed { get; init; }

    /// <summary>The configuration of that snapshot, or the empty one.</summary>
    public ClusterConfiguration SnapshotConfiguration { get; init; } = ClusterConfiguration.Empty;

    public long SnapshotConfigurationIndex { get; init; }

    /// <summary>The entry before the first one of the log. Never after <see cref="Snapshot"/>.</summary>
    public EntryId LogBase { get; init; }

    /// <summary>Where each term begins in the log: (term, first index), ascending, from LogBase.Index + 1.</summary>
    public IReadOnlyList<EntryId> TermStarts { get; init; } = [];

    /// <summary>The last index of the log; LogBase.Index when it is empty.</summary>
    public long LastIndex { get; init; }

    /// <summary>The log time of the last entry, or of the snapshot.</summary>
    public long LastTimeMs { get; init; }

    /// <summary>The configuration entries in the log, ascending.</summary>
    public IReadOnlyList<LogEntry> Configurations { get; init; } = [];

    /// <summary>The end of the log, as much of it as is kept in memory; contiguous up to <see cref="LastIndex"/>.</summary>
    public IReadOnlyList<LogEntry> Tail { get; init; } = [];

    /// <summary>Whether the log has the entry with this index and term, after the snapshot.</summary>
    public bool HasInLog(EntryId id)
    {
        if (id.Index <= Math.Max(LogBase.Index, Snapshot.Index) || id.Index > LastIndex)
            return false;
        var term = LogBase.Term;
        foreach (var start in TermStarts)
        {
            if (start.Index <= id.Index)
                term = start.Term;
        }
        return term == id.Term;
    }
}
