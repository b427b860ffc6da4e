using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Node;

/// <summary>What the replica wants of its log, in order.</summary>
internal abstract record LogTask(long Ticket);

internal sealed record WriteVote(long Ticket, long Term, string? VotedFor, int PromiseMs) : LogTask(Ticket);

internal sealed record WriteEntries(long Ticket, List<LogEntry> Entries) : LogTask(Ticket);

internal sealed record RestartLog(long Ticket, EntryId Base) : LogTask(Ticket);

internal sealed record DropPrefix(long Ticket, long First) : LogTask(Ticket);
