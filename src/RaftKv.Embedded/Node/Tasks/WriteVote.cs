namespace RaftKv.Embedded.Node;

internal sealed record WriteVote(long Ticket, long Term, string? VotedFor, int PromiseMs) : LogTask(Ticket);
