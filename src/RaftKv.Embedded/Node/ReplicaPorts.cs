using Microsoft.Extensions.Logging;
using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Transport;
using RaftKv.Embedded.Watch;

namespace RaftKv.Embedded.Node;

/// <summary>What a node is built from: its disk, its network, its clocks, and what observes it.</summary>
internal sealed record ReplicaPorts
{
    public required RaftKvOptions Options { get; init; }

    public required ReplicaClock Clock { get; init; }

    public required ILogger Log { get; init; }

    public required LocalIdentity Identity { get; init; }

    public required Wal Wal { get; init; }

    public required SnapshotStore Snapshots { get; init; }

    /// <summary>Makes the store that a received snapshot of so many keys is loaded into.</summary>
    public required Func<long, IKvStore> Stores { get; init; }

    /// <summary>The state that the node starts from.</summary>
    public required KvStateMachine State { get; init; }

    /// <summary>Follows <see cref="State"/> already.</summary>
    public required ChangeFeed Changes { get; init; }

    public required PendingWrites Pending { get; init; }

    /// <summary>Identifies this process's request for a session.</summary>
    public required Guid SessionNonce { get; init; }

    /// <summary>Called on the apply thread before entries are applied, with the last of them.</summary>
    public required Action<EntryId> Applying { get; init; }

    public required ITransport Transport { get; init; }

    public ProcessMark Process { get; init; }

    /// <summary>Called on a thread of the transport once it has delivered all messages it had; <c>null</c> takes a turn there.</summary>
    public Action? Paused { get; init; }

    /// <summary>Called when a thread of the disk fails; <c>null</c> faults the node.</summary>
    public Action<Exception>? ThreadFailed { get; init; }

    /// <summary>The settings of the core.</summary>
    public required RaftSettings Settings { get; init; }

    /// <summary>Cancelled when the node ends.</summary>
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
}
