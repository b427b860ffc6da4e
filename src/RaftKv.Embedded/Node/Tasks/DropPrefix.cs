namespace RaftKv.Embedded.Node;

internal sealed record DropPrefix(long Ticket, long First) : LogTask(Ticket);
