namespace RaftKv.Embedded.Node;

/// <summary>Somebody wants leader-lease reads.</summary>
internal sealed class LeaseReadsWanted : ReplicaInput;
