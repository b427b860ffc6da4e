using Microsoft.Extensions.Logging.Abstractions;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Storage;

namespace RaftKv.Embedded.Recovery;

/// <summary>
/// The data directory of a stopped node of a cluster that has lost its quorum. Its data is only read, and it is locked so that no node
/// starts on it meanwhile.
/// </summary>
internal sealed class SurvivorDirectory : IDisposable
{
    private const int ReadBytes = 4 * 1024 * 1024;

    private readonly DataDirectory _directory;
    private readonly NodeIdentity _identity;
    private readonly SnapshotStore _snapshots;
    private readonly Wal _wal;
    private readonly WalRecovery _log;
    private readonly string? _damage;

    private SurvivorDirectory(DataDirectory directory, NodeIdentity identity, SnapshotStore snapshots, Wal wal, WalRecovery log,
        string? damage) =>
        (_directory, _identity, _snapshots, _wal, _log, _damage) = (directory, identity, snapshots, wal, log, damage);

    /// <summary>Opens the directory for reading, and verifies its log.</summary>
    /// <param name="inner">The file system.</param>
    /// <param name="root">The data directory.</param>
    /// <param name="upToDamage">Whether a damaged log counts up to the damage, and is no error.</param>
    /// <exception cref="RaftKvStorageException">The directory cannot be used, or its log is damaged.</exception>
    public static SurvivorDirectory Open(IFileSystem inner, string root, bool upToDamage = false)
    {
        if (!inner.FileExists(Path.Combine(root, NodeIdentity.FileName)))
            throw new RaftKvStorageException(RaftKvStorageError.NotWritable,
                $"{root} is not the data directory of a node: it has no identity.");
        var fs = new ReadOnlyFileSystem(inner);
        var opened = new Stack<IDisposable>();
        try
        {
            var directory = DataDirectory.Open(fs, root);
            opened.Push(directory);
            var identity = NodeIdentity.Read(fs, root);
            if (!identity.HasCluster)
                throw new RaftKvStorageException(RaftKvStorageError.ForeignDirectory,
                    $"{root} belongs to no cluster: there is nothing to recover.");
            DirectoryMarkers.ThrowIfUnfinished(fs, directory, hasCluster: true);
            var snapshots = new SnapshotStore(fs, directory.Snapshots);
            opened.Push(snapshots);
            string? damage = null;
            var wal = OpenLog(fs, directory.Wal, upToDamage, out var log, ref damage);
            return new SurvivorDirectory(directory, identity, snapshots, wal, log, damage);
        }
        catch
        {
            while (opened.TryPop(out var part))
                part.Dispose();
            throw;
        }
    }

    public RaftKvSurvivingNode Describe()
    {
        var snapshot = NewestSnapshot();
        // A log that does not continue the snapshot is not replayed, neither by a start nor by a recovery: none of it counts.
        var hasLog = Continues(snapshot?.State.Last ?? default);
        var configuration = hasLog && _log.Configurations is [.., var last] && last.Index > (snapshot?.State.ConfigurationIndex ?? 0)
            ? ClusterConfiguration.Decode(last.Payload.Span)
            : snapshot?.State.Configuration ?? ClusterConfiguration.Empty;
        var isAhead = snapshot is not null && (!hasLog || snapshot.State.Last.Index >= _log.Last.Index);
        var end = isAhead ? snapshot!.State.Last : _log.Last;
        return new RaftKvSurvivingNode
        {
            DataDirectory = _directory.Root,
            NodeId = _identity.NodeId,
            Incarnation = _identity.Incarnation,
            ClusterId = _identity.ClusterId,
            Term = _log.Term,
            LastTerm = end.Term,
            LastVersion = new KvVersion(end.Index),
            LastWriteAt = DateTimeOffset.FromUnixTimeMilliseconds(Math.Max(isAhead ? 0 : _log.LastTimeMs, snapshot?.State.LogTimeMs ?? 0)),
            SnapshotVersion = new KvVersion(snapshot?.State.Last.Index ?? 0),
            Voters = [.. configuration.Members.Where(m => m.IsVoter).Select(m => m.NodeId)],
            IsVoter = configuration.Find(_identity.NodeId) is { IsVoter: true } self && self.IsOf(_identity.Incarnation),
            Damage = _damage,
        };
    }

    /// <summary>Creates the new cluster with all data of this directory.</summary>
    /// <exception cref="RaftKvStorageException">
    /// The new directory has no room or cannot be used, or the cluster uses a feature level that this version does not support. The new
    /// cluster was not created.
    /// </exception>
    public RaftKvRestored StartWith(NewCluster cluster, CancellationToken cancellationToken)
    {
        // The store must take the largest records that any options allow.
        var stores = new StoreFactory(new OsFileSystem(sync: false), cluster.ScratchDirectory,
            new RaftKvOptions { MaxKeyBytes = KvCommand.MaxKeyBytes, MaxValueBytes = SnapshotFile.MaxValueBytes });
        return StartWith(cluster, stores.Create, cancellationToken);
    }

    /// <summary>As the other overload, with stores that the caller makes for a number of keys.</summary>
    public RaftKvRestored StartWith(NewCluster cluster, Func<long, IKvStore> stores, CancellationToken cancellationToken)
    {
        var state = StartupRecovery.LoadState(_snapshots, stores, NullLogger.Instance);
        using var store = state.Store;
        StartupRecovery.ThrowIfNewerLevel(_directory.Root, _log, state, FeatureLevels.Current);
        Replay(state, cancellationToken);
        using var snapshot = state.CaptureSnapshot();
        var clusterId = cluster.Create(snapshot, cancellationToken, out var last);
        var end = state.Applied;
        var held = new RaftKvBackupInfo
        {
            Version = new KvVersion(end.Index),
            KeyCount = snapshot.KeyCount,
            ClusterId = _identity.ClusterId,
            LastWriteAt = DateTimeOffset.FromUnixTimeMilliseconds(state.LogTimeMs),
        };
        return new RaftKvRestored { Backup = held, ClusterId = clusterId, Version = new KvVersion(last.Index) };
    }

    /// <summary>Marks the directory, so that no node starts on it; durable when it returns.</summary>
    public void Retire(IFileSystem files, Guid newClusterId)
    {
        using (var file = files.Open(Path.Combine(_directory.Root, DirectoryMarkers.Retired), FileOpenMode.Create))
        {
            file.Write(0, System.Text.Encoding.UTF8.GetBytes(newClusterId.ToString()));
            file.Sync();
        }
        files.SyncDirectory(_directory.Root);
    }

    /// <summary>As <see cref="Retire"/>, after the new cluster was created. A failure names that cluster, because it exists.</summary>
    /// <param name="files">The file system.</param>
    /// <param name="newClusterId">The id of the new cluster.</param>
    /// <param name="newDirectory">The data directory of the new cluster.</param>
    /// <exception cref="RaftKvStorageException">The directory could not be marked.</exception>
    public void RetireAfterRecovery(IFileSystem files, Guid newClusterId, string newDirectory)
    {
        try
        {
            Retire(files, newClusterId);
        }
        catch (RaftKvStorageException e)
        {
            throw new RaftKvStorageException(e.Error,
                $"The new cluster {newClusterId} exists in {newDirectory}, with all data of {_directory.Root}. The survivor's directory "
                    + $"{_directory.Root} could not be marked as replaced: {e.Message} Start no node on it. Correct the cause, then call "
                    + $"{nameof(RaftKvRecovery)}.{nameof(RaftKvRecovery.Retire)}, or raftkv retire, with this directory and the id of the "
                    + "new cluster. Do not repeat the recovery.", e);
        }
    }

    public void Dispose()
    {
        _wal.Dispose();
        _snapshots.Dispose();
        _directory.Dispose();
    }

    private static Wal OpenLog(IFileSystem fs, string directory, bool upToDamage, out WalRecovery log, ref string? damage)
    {
        var options = new WalOptions { MustExist = true, PrepareInBackground = false };
        try
        {
            return Wal.Open(fs, directory, options, out log);
        }
        catch (RaftKvStorageException e) when (upToDamage && e.Error == RaftKvStorageError.Damaged)
        {
            damage = e.Message;
            return Wal.Open(fs, directory, options with { UpToDamage = true }, out log);
        }
    }

    /// <summary>
    /// Whether the log continues a snapshot. When the entries between them were lost by damage, it does not, and only the snapshot counts.
    /// </summary>
    private bool Continues(EntryId snapshot) => !(_damage is not null && _log.LogBase.Index > snapshot.Index) && _log.Continues(snapshot);

    private SnapshotContent? NewestSnapshot()
    {
        if (_snapshots.OpenNewest([]) is not { } newest)
            return null;
        return _snapshots.ReadHeader(newest.Last);
    }

    private void Replay(KvStateMachine state, CancellationToken cancellationToken)
    {
        if (!Continues(state.Applied))
            return;
        var entries = new List<LogEntry>();
        for (var next = state.Applied.Index + 1; next <= _log.Last.Index; next += entries.Count)
        {
            cancellationToken.ThrowIfCancellationRequested();
            entries.Clear();
            Invariant.Holds(_wal.Read(next, _log.Last.Index, ReadBytes, entries) > 0, "the log has every entry up to its last");
            foreach (var entry in entries)
            {
                // Without this check a full disk would make the store wait for room without end.
                if (!state.Store.HasRoomFor(entry.Payload.Length))
                    throw new RaftKvStorageException(RaftKvStorageError.DiskFull,
                        $"The disk of the new data directory has too little room for the records of {_directory.Root} that do not fit in "
                            + "memory. The new cluster was not created, and the survivor's directory was not changed. Free some space, or "
                            + "name a directory on a larger disk, and repeat the recovery.");
                state.Apply(entry);
            }
            state.Store.MaintainSpace();
        }
    }
}
