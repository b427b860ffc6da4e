using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Node;

internal sealed record WriteEntries(long Ticket, List<LogEntry> Entries) : LogTask(Ticket);
