using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>What a <see cref="Replica"/> works with.</summary>
internal sealed record ReplicaDependencies
{
    public required LocalIdentity Identity { get; init; }

    public required ClusterBootstrap ClusterBootstrap { get; init; }

    public required Wal Wal { get; init; }

    public required SnapshotStore Snapshots { get; init; }

    public required LogWriter LogWriter { get; init; }

    public required Applier Applier { get; init; }

    public required PendingWrites Pending { get; init; }

    public required ITransport Transport { get; init; }

    /// <summary>
    /// Reads old log entries and snapshot pieces for followers, measures the disk, and saves what is remembered of peers.
    /// </summary>
    public required Worker Reader { get; init; }

    /// <summary>Writes, receives and installs snapshots.</summary>
    public required Worker Snapshotter { get; init; }

    /// <summary>Makes the store that a received snapshot of so many keys is loaded into.</summary>
    public required Func<long, IKvStore> Stores { get; init; }

    /// <summary>Cancelled when the node ends: a snapshot under way is given up.</summary>
    public required CancellationToken ShutdownToken { get; init; }

    /// <summary>The disk whose room is watched; <c>null</c> watches none.</summary>
    public DiskParts? Disk { get; init; }

    /// <summary><c>null</c> measures nothing.</summary>
    public Telemetry? Telemetry { get; init; }

    /// <summary><c>null</c> knows of no stalls.</summary>
    public StallLog? Stalls { get; init; }

    /// <summary>What the node waits for while it has no cluster; <c>null</c> says nothing.</summary>
    public BootstrapReport? Bootstrap { get; init; }

    /// <summary>
    /// How old this node's data directory is, and what is remembered of those of its peers; <c>null</c> proves and remembers nothing.
    /// </summary>
    public DirectoryAge? Age { get; init; }

    /// <summary>When the node began to open its data, in monotonic ticks.</summary>
    public long OpenedAt { get; init; }

    /// <summary>The last entry that this node is known to have served before it restarted; default if none is.</summary>
    public EntryId ServedBefore { get; init; }

    /// <summary>The settings of the core.</summary>
    public required RaftSettings Settings { get; init; }
}
