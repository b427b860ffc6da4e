using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Opens the replica of a host: on the disk and the network of the machine, unless a package for tests opens another one.
/// </summary>
internal class ReplicaOpener
{
    /// <summary>Opens everything, and starts nothing: errors of the disk and of the addresses are thrown here.</summary>
    /// <exception cref="RaftKvStorageException">The data directory cannot be used.</exception>
    /// <exception cref="InvalidOperationException">The node cannot listen on its address.</exception>
    public virtual LocalReplica Open(RaftKvOptions options, ReplicaClock clock, Observers observers) =>
        ReplicaHost.Open(options, clock, observers);
}
