namespace RaftKv.Embedded.Node;

/// <summary>Members may be found at addresses that were not known before.</summary>
internal sealed class AddressesLearned : ReplicaInput;
