namespace RaftKv.Embedded.Node;

/// <summary>The command that ends the due keys and leases is applied.</summary>
internal sealed class ExpiryApplied : ReplicaInput;
