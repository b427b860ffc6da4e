using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Testing;

/// <summary>Gives the host of an application under test the replica of the store in memory, instead of opening one.</summary>
internal sealed class InMemoryOpener(InMemoryRaftKv kv) : ReplicaOpener
{
    public override LocalReplica Open(RaftKvOptions options, ReplicaClock clock, Observers observers) => kv.Replica;
}
