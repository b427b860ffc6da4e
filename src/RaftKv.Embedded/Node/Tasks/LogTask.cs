namespace RaftKv.Embedded.Node;

/// <summary>What the replica wants of its log, in order.</summary>
internal abstract record LogTask(long Ticket);
