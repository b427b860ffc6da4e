using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Testing;

/// <summary>The host of an application under test opens no replica: it gets that of the store in memory.</summary>
internal sealed class InMemoryOpener(InMemoryRaftKv kv) : ReplicaOpener
{
    public override LocalReplica Open(RaftKvOptions options, ReplicaClock clock, Observers observers) => kv.Replica;
}
