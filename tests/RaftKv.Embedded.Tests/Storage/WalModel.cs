using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Tests.Storage;

/// <summary>What a log must hold: the simplest possible log, to compare the real one with. Immutable.</summary>
/// <param name="Base">The entry after which the log restarted.</param>
/// <param name="First">The first entry that must still be there.</param>
internal sealed record WalModel(long Term, string? VotedFor, EntryId Base, long First, IReadOnlyList<LogEntry> Entries)
{
    public static WalModel Empty { get; } = new(0, null, default, 1, []);

    public EntryId Last => Entries.Count > 0 ? Entries[^1].Id : Base;

    public WalModel Append(params LogEntry[] entries) =>
        this with { Entries = [.. Entries.Where(e => e.Index < entries[0].Index), .. entries] };

    public WalModel CutFrom(long index) => this with { Entries = [.. Entries.Where(e => e.Index < index)] };

    public WalModel Restart(EntryId @base) => this with { Base = @base, First = @base.Index + 1, Entries = [] };

    /// <summary>Null if a recovered log equals this one, else the first difference in words.</summary>
    public string? DifferenceFrom(long term, string? votedFor, EntryId @base, IReadOnlyList<LogEntry> entries)
    {
        if (term != Term || votedFor != VotedFor)
            return $"vote {votedFor} in term {term}, not {VotedFor} in {Term}";
        if (@base.Index < Base.Index || @base.Index >= First)
            return $"base {@base}, which must be from {Base} to before {First}";
        var baseTerm = @base.Index == Base.Index ? Base.Term : Entries[(int)(@base.Index - Base.Index - 1)].Term;
        if (baseTerm != @base.Term)
            return $"base {@base} of a wrong term";
        var expected = Entries.Where(e => e.Index > @base.Index).ToList();
        if (expected.Count != entries.Count)
            return $"{entries.Count} entries, not {expected.Count}";
        for (var i = 0; i < entries.Count; i++)
        {
            var (e, a) = (expected[i], entries[i]);
            if (e.Id != a.Id || e.TimeMs != a.TimeMs || e.Kind != a.Kind || !e.Payload.Span.SequenceEqual(a.Payload.Span))
                return $"entry {a.Id} is not what was appended as {e.Id}";
        }
        return null;
    }
}
