namespace RaftKv.Embedded.Node;

/// <summary>The applier has collected the keys and leases that are due, as a command.</summary>
internal sealed class DueCollected(byte[] command) : ReplicaInput
{
    public byte[] Command => command;
}
