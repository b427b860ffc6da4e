using RaftKv.Embedded.Records;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>What a replica is opened on in place of the disk and the network of the machine.</summary>
/// <param name="Files">The disk.</param>
/// <param name="Stores">Makes a store for so many keys.</param>
/// <param name="Connect">Makes the transport of this start.</param>
internal sealed record ReplicaEnvironment(IFileSystem Files, Func<long, IKvStore> Stores, Func<ITransport> Connect);
