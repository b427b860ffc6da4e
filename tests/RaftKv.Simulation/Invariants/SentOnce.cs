using RaftKv.Embedded.Log;

namespace RaftKv.Simulation.Invariants;

/// <summary>
/// Counts the bytes of entries and of snapshots that are sent on one connection a second time by the same leader. A connection keeps the
/// order of its messages and loses none of them, so on a slow link that is a waste that can keep a follower from ever catching up.
/// </summary>
internal sealed class SentOnce
{
    private readonly Dictionary<EntryId, long> _snapshots = [];
    private long _term;
    private readonly HashSet<long> _entries = [];

    /// <summary>All bytes of entries and snapshots of this connection and term.</summary>
    public long Bytes { get; private set; }

    public long RepeatedBytes { get; private set; }

    /// <summary>A message was lost without the end of the connection, as TCP never does.</summary>
    public bool IsExcused { get; private set; }

    public void Begin(int connection)
    {
        IsExcused = false;
        Begin((long)-connection);
    }

    public void Excuse() => IsExcused = true;

    public void Note(PeerMessage message)
    {
        switch (message)
        {
            case AppendEntries { Entries.Length: > 0 } append: Note(append); break;
            case InstallSnapshot { Data.Length: > 0 } piece:
                BeginTerm(piece.Term);
                Bytes += piece.Data.Length;
                var sent = _snapshots.GetValueOrDefault(piece.Last);
                RepeatedBytes += Math.Clamp(sent - piece.Offset, 0, piece.Data.Length);
                _snapshots[piece.Last] = Math.Max(sent, piece.Offset + piece.Data.Length);
                break;
        }
    }

    private void Note(AppendEntries append)
    {
        BeginTerm(append.Term);
        foreach (ref readonly var entry in append.Entries.Span)
        {
            Bytes += entry.Size;
            if (!_entries.Add(entry.Index))
                RepeatedBytes += entry.Size;
        }
    }

    private void BeginTerm(long term)
    {
        if (term != _term)
            Begin(term);
    }

    private void Begin(long term)
    {
        _term = term;
        _snapshots.Clear();
        _entries.Clear();
        Bytes = RepeatedBytes = 0;
    }
}
