namespace RaftKv.Embedded.Log;

/// <summary>Names one entry for ever: no term has two leaders, and no leader writes an index twice (Raft §5.3, Log Matching).</summary>
/// <param name="Term">The term of the leader that created it.</param>
/// <param name="Index">Its position, from 1; 0 stands before the first entry.</param>
internal readonly record struct EntryId(long Term, long Index)
{
    /// <summary>
    /// Whether a log that ends here is at least as up to date as one that ends at <paramref name="other"/> (Raft §5.4.1).
    /// </summary>
    public bool IsUpToDateWith(EntryId other) => Term > other.Term || (Term == other.Term && Index >= other.Index);

    public override string ToString() => $"{Index}^{Term}";
}
