namespace RaftKv.Embedded.Node;

/// <summary>Something the replica deals with in its next turn.</summary>
internal abstract class ReplicaInput;
