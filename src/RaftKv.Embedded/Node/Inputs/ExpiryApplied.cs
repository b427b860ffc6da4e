namespace RaftKv.Embedded.Node;

/// <summary>What was due is gone.</summary>
internal sealed class ExpiryApplied : ReplicaInput;
