namespace RaftKv.Embedded.Node;

/// <summary>A caller wants leader-lease reads.</summary>
internal sealed class LeaseReadsWanted : ReplicaInput;
