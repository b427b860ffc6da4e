using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Storage;
using Xunit;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>A log on a disk in memory, with a model of it and of what was acknowledged.</summary>
internal sealed class WalWorld
{
    public const string Directory = "/data/wal";

    public static readonly WalOptions Small = new() { SegmentBytes = 4096, PrepareInBackground = false, NewSalt = static () => 0x5A17_0001 };

    public MemoryFileSystem Disk { get; } = new();

    public Wal Wal { get; private set; } = null!;

    public WalRecovery Recovery { get; private set; } = null!;

    /// <summary>The last state whose durability was confirmed.</summary>
    public WalModel Acknowledged { get; private set; } = WalModel.Empty;

    /// <summary>The state with what is buffered, or was being made durable when the power was cut.</summary>
    public WalModel Wanted { get; private set; } = WalModel.Empty;

    public static LogEntry Entry(long index, long term, int bytes = 100, EntryKind kind = EntryKind.Command)
    {
        var payload = new byte[bytes];
        var noise = new Prng((ulong)(index * 1_000_003 + term));
        for (var i = 0; i < bytes; i++)
            payload[i] = (byte)noise.Next();
        return new LogEntry(term, index, 1_000_000 + index, kind, payload);
    }

    public static LogEntry[] Entries(long from, int count, long term, int bytes = 100) =>
        [.. Enumerable.Range(0, count).Select(i => Entry(from + i, term, bytes))];

    public WalWorld Open(WalOptions? options = null)
    {
        Wal = Wal.Open(Disk, Directory, options ?? Small, out var recovery);
        Recovery = recovery;
        return this;
    }

    public void Append(params LogEntry[] entries)
    {
        Wanted = Wanted.Append(entries);
        Wal.Append(entries);
    }

    public void Vote(long term, string? votedFor)
    {
        Wanted = Wanted with { Term = term, VotedFor = votedFor };
        Wal.SaveVote(term, votedFor);
    }

    public void CutFrom(long index)
    {
        Wanted = Wanted.CutFrom(index);
        Wal.TruncateSuffix(index);
    }

    public void Commit()
    {
        Wal.Commit();
        Acknowledged = Wanted;
    }

    public void AppendAndCommit(params LogEntry[] entries)
    {
        Append(entries);
        Commit();
    }

    public void CutPrefix(long first)
    {
        Wanted = Wanted with { First = first };
        Wal.TruncatePrefix(first);
        Acknowledged = Acknowledged with { First = first };
    }

    public void Reset(EntryId @base)
    {
        Wanted = Wanted.Restart(@base);
        Wal.Reset(@base);
        Acknowledged = Wanted;
    }

    /// <summary>
    /// All that a log goes through: batches, votes, conflicts, new segments, an entry larger than a segment, both truncations, and a
    /// restart behind a snapshot.
    /// </summary>
    public void RunWorkload()
    {
        Vote(1, "a");
        AppendAndCommit(Entries(1, 3, term: 1));
        AppendAndCommit(Entries(4, 12, term: 1));
        Vote(2, null);
        Commit();
        AppendAndCommit(Entries(16, 10, term: 2));
        AppendAndCommit(Entries(26, 20, term: 2));
        Vote(3, "b");
        AppendAndCommit(Entries(30, 5, term: 3));
        CutPrefix(12);
        AppendAndCommit(Entry(35, 3, bytes: 9000));
        AppendAndCommit(Entry(36, 3, kind: EntryKind.Configuration), Entry(37, 3));
        CutFrom(37);
        Commit();
        Vote(4, "c");
        Append(Entries(37, 6, term: 4));
        AppendAndCommit(Entries(40, 9, term: 4, bytes: 700));
        CutPrefix(36);
        AppendAndCommit(Entries(49, 20, term: 4, bytes: 180));
        Vote(5, null);
        Reset(new EntryId(5, 200));
        AppendAndCommit(Entries(201, 30, term: 5));
        AppendAndCommit(Entries(231, 30, term: 6));
        Vote(7, "a");
        Commit();
    }

    public IReadOnlyList<LogEntry> ReadAll()
    {
        var entries = new List<LogEntry>();
        Wal.Read(Wal.Base.Index + 1, Wal.LastDurableIndex, int.MaxValue, entries);
        return entries;
    }

    public string? DifferenceFrom(WalModel model) => model.DifferenceFrom(Wal.Term, Wal.VotedFor, Wal.Base, ReadAll());

    /// <summary>
    /// Asserts that what was acknowledged is there, and all or nothing of what was in flight. From then on the result counts as
    /// acknowledged.
    /// </summary>
    public void MustHoldWhatWasAcknowledged(string when)
    {
        var difference = DifferenceFrom(Acknowledged);
        // A prefix is removed in whole segments. Before and after that the entries are the same, and only the base differs.
        if (difference is not null && DifferenceFrom(Wanted) is { } other)
            Assert.Fail($"{when}: the log is neither what was acknowledged ({difference}) nor what was in flight ({other})");
        Acknowledged = Wanted = difference is null ? Acknowledged : Wanted;
        Assert.Equal(Wal.Base, Recovery.LogBase);
        Assert.Equal(Wal.Last, Recovery.Last);
        Assert.Equal(ReadAll().Where(e => e.Kind == EntryKind.Configuration).Select(e => e.Index), Recovery.Configurations.Select(e => e.Index));
        Assert.Equal(TermStartsOf(ReadAll()), Recovery.TermStarts);
    }

    private static IEnumerable<EntryId> TermStartsOf(IReadOnlyList<LogEntry> entries) =>
        entries.Where((e, i) => i == 0 || entries[i - 1].Term != e.Term).Select(e => e.Id);
}
