namespace RaftKv.Embedded.Node;

/// <summary>What this node knows of another member.</summary>
/// <param name="Match">How far its log is known to agree with the leader's; <c>null</c> except on the leader.</param>
/// <param name="HeardAt">When a message of it last came, in monotonic ticks; 0 is never.</param>
/// <param name="HasLostEntries">It no longer has entries that it acknowledged; known to the leader only.</param>
internal readonly record struct PeerStatus(long? Match, long HeardAt, bool HasLostEntries = false);
