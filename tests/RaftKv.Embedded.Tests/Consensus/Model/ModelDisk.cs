using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Tests.Consensus.Model;

/// <summary>The state of a node that survives a crash. Operations are written strictly in order.</summary>
internal sealed class ModelDisk
{
    public long Term { get; set; }

    public string? VotedFor { get; set; }

    public int PromiseMs { get; set; }

    public EntryId Base { get; set; }

    public List<LogEntry> Entries { get; } = [];

    public ModelSnapshot? Snapshot { get; set; }

    public long LastIndex => Base.Index + Entries.Count;

    public bool Contains(EntryId id)
    {
        if (id == Base || (Snapshot is { } snapshot && id.Index <= snapshot.Last.Index))
            return true;
        return id.Index > Base.Index && id.Index <= LastIndex && Entry(id.Index).Term == id.Term;
    }

    public LogEntry Entry(long index) => Entries[(int)(index - Base.Index - 1)];

    public void Write(RaftEffect operation)
    {
        switch (operation)
        {
            case SaveVote vote:
                Invariant.Holds(vote.Term >= Term && (vote.Term > Term || VotedFor is null || VotedFor == vote.VotedFor), "a vote is given once");
                Term = vote.Term;
                VotedFor = vote.VotedFor;
                PromiseMs = vote.PromiseMs;
                break;
            case Append append:
                foreach (var entry in append.Entries.Span)
                {
                    if (entry.Index <= Base.Index)
                        continue;
                    if (entry.Index <= LastIndex)
                        Entries.RemoveRange((int)(entry.Index - Base.Index - 1), (int)(LastIndex - entry.Index + 1));
                    Invariant.Holds(entry.Index == LastIndex + 1, "the disk's log has no gap");
                    Entries.Add(entry);
                }
                break;
            case ResetLog reset:
                Base = reset.Base;
                Entries.Clear();
                break;
            case TruncatePrefix truncate when truncate.First > Base.Index + 1:
                Invariant.Holds(truncate.First - 1 <= Snapshot!.Last.Index, "a snapshot covers what is cut off");
                var covered = new EntryId(Entry(truncate.First - 1).Term, truncate.First - 1);
                Entries.RemoveRange(0, (int)(covered.Index - Base.Index));
                Base = covered;
                break;
        }
    }

    /// <summary>What a replica reads when it starts from this disk, with at most <paramref name="tail"/> of the newest entries.</summary>
    public RaftStart Read(int tail)
    {
        if (Snapshot is { } s && s.Last.Index > Base.Index && (s.Last.Index > LastIndex || Entry(s.Last.Index).Term != s.Last.Term))
        {
            // The node crashed between the installation of a snapshot and the reset of the log.
            Base = s.Last;
            Entries.Clear();
        }
        var terms = new List<EntryId>();
        foreach (var entry in Entries)
        {
            if (terms.Count == 0 || terms[^1].Term != entry.Term)
                terms.Add(entry.Id);
        }
        return new RaftStart
        {
            Term = Term,
            VotedFor = VotedFor,
            PromiseMs = PromiseMs,
            Snapshot = Snapshot?.Last ?? default,
            SnapshotConfiguration = Snapshot?.Configuration ?? ClusterConfiguration.Empty,
            SnapshotConfigurationIndex = Snapshot?.ConfigurationIndex ?? 0,
            LogBase = Base,
            TermStarts = terms,
            LastIndex = LastIndex,
            LastTimeMs = Entries.Count > 0 ? Entries[^1].TimeMs : Snapshot?.TimeMs ?? 0,
            Configurations = [.. Entries.Where(e => e.Kind == EntryKind.Configuration)],
            Tail = [.. Entries.Skip(Math.Max(0, Entries.Count - tail))],
        };
    }
}
