using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Node;

internal sealed record RestartLog(long Ticket, EntryId Base) : LogTask(Ticket);
