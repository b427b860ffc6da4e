using Microsoft.Extensions.Logging;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Storage;

namespace RaftKv.Embedded.Node;

/// <summary>Restores the state of a node from its disk when it starts: newest snapshot plus log.</summary>
internal static class StartupRecovery
{
    /// <summary>The newest snapshot that is whole, in a store of its own; an empty state machine when there is none.</summary>
    /// <exception cref="RaftKvStorageException">The disk fails, or a snapshot was written by a newer version.</exception>
    public static KvStateMachine LoadState(SnapshotStore snapshots, Func<long, IKvStore> stores, ILogger log)
    {
        var damaged = new List<RaftKvStorageException>();
        while (snapshots.OpenNewest(damaged) is { } newest)
        {
            try
            {
                return Load(snapshots, newest.Last, stores, CancellationToken.None);
            }
            catch (RaftKvStorageException e) when (e.Error == RaftKvStorageError.Damaged)
            {
                damaged.Add(e);
                snapshots.SetAside(newest.Last);
            }
        }
        // Join finds out whether the log reaches back far enough without them.
        foreach (var error in damaged)
            log.SnapshotSetAside(error.Message);
        return new KvStateMachine(stores(0));
    }

    /// <summary>Loads a snapshot into a new store.</summary>
    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.Damaged"/>: nothing was loaded.</exception>
    public static KvStateMachine Load(SnapshotStore snapshots, EntryId last, Func<long, IKvStore> stores,
        CancellationToken cancellationToken) =>
        Load(last, stores(snapshots.KeyCount(last)), store => snapshots.Load(last, store, cancellationToken));

    /// <summary>
    /// Loads the snapshot that was received into a new store, and keeps it durably once all of it was verified on the way.
    /// </summary>
    /// <exception cref="RaftKvStorageException">
    /// <see cref="RaftKvStorageError.Damaged"/>: nothing was loaded, and the snapshot is not kept.
    /// </exception>
    public static KvStateMachine LoadReceived(SnapshotStore snapshots, EntryId last, Guid clusterId, Func<long, IKvStore> stores,
        CancellationToken cancellationToken)
    {
        KvStateMachine? restored = null;
        try
        {
            restored = Load(last, stores(snapshots.ReceivedKeyCount(last)),
                store => snapshots.LoadReceived(last, clusterId, store, cancellationToken));
            snapshots.CompleteReceive(last);
            return restored;
        }
        catch (RaftKvStorageException)
        {
            restored?.Store.Dispose();
            snapshots.AbandonReceive();
            throw;
        }
    }

    private static KvStateMachine Load(EntryId last, IKvStore store, Func<IKvStore, SnapshotContent> load)
    {
        try
        {
            var content = load(store);
            return new KvStateMachine(store, content.State, content.Expiring, content.Sum);
        }
        catch (Exception e)
        {
            store.Dispose();
            if (e is FormatException)
                throw new RaftKvStorageException(RaftKvStorageError.Damaged,
                    $"The snapshot at entry {last} has tables that cannot be read: {e.Message}", e);
            throw;
        }
    }

    /// <summary>
    /// A version must not apply the log of a feature level that it does not support: it would treat the operations that it does not know as
    /// malformed, and its copy would differ from those of the other members.
    /// </summary>
    /// <param name="root">The data directory.</param>
    /// <param name="recovery">The content of its log.</param>
    /// <param name="state">The state of its newest snapshot.</param>
    /// <param name="supported">The newest feature level that this node supports.</param>
    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.NewerFormat"/>: the cluster's level is higher.</exception>
    public static void ThrowIfNewerLevel(string root, WalRecovery recovery, KvStateMachine state, int supported)
    {
        var hasLog = recovery.Continues(state.Applied);
        var configuration = hasLog && recovery.Configurations is [.., var last] && last.Index > state.ConfigurationIndex
            ? ClusterConfiguration.Decode(last.Payload.Span)
            : state.Configuration;
        if (configuration.FeatureLevel > supported)
        {
            throw new RaftKvStorageException(RaftKvStorageError.NewerFormat,
                $"The cluster of {root} uses feature level {configuration.FeatureLevel}; this version of the library supports up to level "
                    + $"{supported} and cannot apply the log. Nothing was changed: use the newer version.");
        }
    }

    /// <summary>What the core starts from; <c>null</c> when the node has no cluster yet.</summary>
    /// <param name="mark">Up to where the node had served its copy; <c>null</c> if that is unknown.</param>
    public static RaftStart? Join(LocalIdentity identity, Wal wal, WalRecovery recovery, KvStateMachine state, ILogger log,
        AppliedMark? mark = null)
    {
        if (recovery.WasPoisoned)
            log.LogRewritten(identity.NodeId);
        if (recovery is { WasBuffered: true } and ({ LostCommits: > 0 } or { BytesCut: > 0 }))
            log.BufferedLogCut(identity.NodeId, recovery.Last.Index, recovery.LostCommits);
        else if (recovery.BytesCut > 0)
            log.LogEndRemoved(identity.NodeId, recovery.BytesCut);
        var snapshot = state.Applied;
        if (!recovery.Continues(snapshot))
        {
            // The node died between installing a snapshot and restarting its log after it.
            Restart(wal, snapshot);
        }
        var start = recovery.ToStart(snapshot, state.Configuration, state.ConfigurationIndex, state.LogTimeMs);
        log.Recovered(identity.NodeId, snapshot.Index, start.LogBase.Index + 1, start.LastIndex, start.Term);
        if (identity.ClusterId == Guid.Empty)
        {
            if (start.LastIndex == 0)
                return null;
            // The node died while it bootstrapped its cluster, before another node could learn of the cluster.
            identity.Found();
            log.ClusterBootstrapped(identity.NodeId, identity.ClusterId,
                ClusterConfiguration.Decode(start.Configurations[0].Payload.Span).Members.Count);
        }
        // Without synced commits a power cut may have taken committed entries from a quorum: the cluster may have other entries in their
        // place.
        var isKnown = mark?.ClusterId == identity.ClusterId && !recovery.WasBuffered && start.HasInLog(mark.Found);
        return isKnown ? start with { Committed = mark!.Found } : start;
    }

    private static void Restart(Wal wal, EntryId snapshot)
    {
        try
        {
            wal.Reset(snapshot);
        }
        catch (WalNoRoomException e)
        {
            throw new RaftKvStorageException(RaftKvStorageError.DiskFull,
                $"The disk has no room for a segment of the log: {e.Message} Nothing is lost.", e);
        }
    }
}
