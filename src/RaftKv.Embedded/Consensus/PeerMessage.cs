namespace RaftKv.Embedded.Consensus;

/// <summary>Anything one node says to another once they have shaken hands.</summary>
internal abstract record PeerMessage;
