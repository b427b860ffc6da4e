namespace RaftKv.Embedded.Node;

/// <summary>What the log writer has to do, in order.</summary>
internal abstract record LogTask(long Ticket);
