using RaftKv.Embedded.Log;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Storage;

namespace RaftKv.Embedded.Recovery;

/// <summary>
/// Creates the data directory of the only member of a new cluster, which begins with a given state. Files that are written before the
/// identity has the cluster id do not count: until then a marker file exists, and an interrupted attempt is repeated from the start.
/// </summary>
internal sealed class NewCluster : IDisposable
{
    /// <summary>
    /// The gap between the versions of the old cluster and those of the new one. The restored state may be older than the state that
    /// clients saw in the old cluster; the gap ensures that the new cluster never reuses a version that a client may remember.
    /// </summary>
    public const long VersionGap = 1_000_000_000;

    private readonly IFileSystem _fs;
    private readonly DataDirectory _directory;
    private readonly string _address;
    private readonly NodeIdentity _identity;

    private NewCluster(IFileSystem fs, DataDirectory directory, NodeIdentity identity, string address) =>
        (_fs, _directory, _identity, _address, Spool) = (fs, directory, identity, address,
            Path.Combine(directory.Store, ForeignEntries.NewSpoolName()));

    /// <summary>The directory for files that are not needed after the end of the process.</summary>
    public string ScratchDirectory => _directory.Store;

    private string Marker => Path.Combine(_directory.Root, DirectoryMarkers.Restoring);

    /// <summary>The path of the file that holds a backup while it is verified.</summary>
    private string Spool { get; }

    /// <summary>Whether a directory belongs to a cluster.</summary>
    public static bool Exists(IFileSystem fs, string root, string nodeId) => NodeIdentity.Load(fs, root, nodeId) is { HasCluster: true };

    /// <summary>Opens and locks a directory that has no cluster. Changes no data of a node.</summary>
    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.NotEmpty"/>, or the directory cannot be used.</exception>
    public static NewCluster Prepare(IFileSystem fs, string root, string nodeId, string address)
    {
        var directory = DataDirectory.Open(fs, root);
        try
        {
            var identity = NodeIdentity.Load(fs, root, nodeId);
            var isRestoring = fs.FileExists(Path.Combine(root, DirectoryMarkers.Restoring));
            var isOrphan = !isRestoring && ((identity is null && fs.ListFiles(directory.Wal).Any(Wal.IsOwnName))
                || fs.ListFiles(directory.Snapshots).Any(SnapshotNames.IsOwn));
            if (identity is { HasCluster: true } || isOrphan)
            {
                throw new RaftKvStorageException(RaftKvStorageError.NotEmpty,
                    $"The data directory {root} has the data of {(isOrphan ? "an unknown cluster" : $"cluster {identity!.ClusterId}")}. "
                        + "Nothing was changed. Name an empty directory; only if that data is not wanted any more, empty this one.");
            }
            return new NewCluster(fs, directory, identity ?? new NodeIdentity(nodeId, Guid.NewGuid(), Guid.Empty), address);
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    /// <summary>Creates the cluster with the state of a backup, which is verified first.</summary>
    public async Task<RaftKvRestored> RestoreAsync(Func<Memory<byte>, CancellationToken, ValueTask<int>> backup,
        CancellationToken cancellationToken)
    {
        try
        {
            using var spool = _fs.Open(Spool, FileOpenMode.Create);
            var info = await SpoolAsync(backup, spool, cancellationToken).ConfigureAwait(false);
            // The whole copy is read again, which also checks the sizes of the tables, before the directory is changed.
            var content = new SnapshotReader(spool, Spool).ReadAll(visit: null, cancellationToken);
            using var snapshot = new KvSnapshot(content.State, new SnapshotFileCheckpoint(spool, Spool), content.KeyCount);
            var clusterId = Create(snapshot, cancellationToken, out var last);
            return new RaftKvRestored { Backup = info, ClusterId = clusterId, Version = new KvVersion(last.Index) };
        }
        finally
        {
            _fs.Delete(Spool);
        }
    }

    /// <summary>
    /// Creates the cluster with the state of <paramref name="source"/>. Returns the id of the new cluster, and the entry before its first
    /// one.
    /// </summary>
    public Guid Create(KvSnapshot source, CancellationToken cancellationToken, out EntryId last)
    {
        MarkUnfinished();
        ClearFiles(_directory.Wal, Wal.IsOwnName);
        ClearFiles(_directory.Snapshots, SnapshotNames.IsOwn);
        _identity.Save(_fs, _directory.Root);

        var clusterId = Guid.NewGuid();
        last = new EntryId(source.State.Last.Term + 1, source.State.Last.Index + VersionGap);
        var self = new Member(_identity.NodeId, _address, _identity.Incarnation, MemberRole.Voter);
        var state = source.State with
        {
            Last = last,
            Configuration = new ClusterConfiguration([self]),
            ConfigurationIndex = last.Index,
            Sessions = new SessionTable().Encode(),
        };
        using (var snapshots = new SnapshotStore(_fs, _directory.Snapshots))
            snapshots.Write(clusterId, new KvSnapshot(state, source.Records, source.KeyCount), cancellationToken);
        StartLog(last);
        _identity.Adopt(_fs, _directory.Root, clusterId);
        _fs.Delete(Marker);
        return clusterId;
    }

    public void Dispose() => _directory.Dispose();

    private async Task<RaftKvBackupInfo> SpoolAsync(Func<Memory<byte>, CancellationToken, ValueTask<int>> backup, IStorageFile to,
        CancellationToken cancellationToken)
    {
        var offset = 0L;
        using var copy = new SnapshotCopy(backup, Write, "(backup)");
        return await copy.RunAsync(cancellationToken).ConfigureAwait(false);

        ValueTask Write(ReadOnlyMemory<byte> bytes, CancellationToken token)
        {
            to.Write(offset, bytes.Span);
            offset += bytes.Length;
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>Creates the marker file, whose name is durable before any other change. Its content is not used.</summary>
    private void MarkUnfinished()
    {
        if (!_fs.FileExists(Marker))
            _fs.Open(Marker, FileOpenMode.Create).Dispose();
        _fs.SyncDirectory(_directory.Root);
    }

    private void ClearFiles(string directory, Func<string, bool> isOwn)
    {
        foreach (var name in _fs.ListFiles(directory).Where(isOwn))
            _fs.Delete(Path.Combine(directory, name));
        _fs.SyncDirectory(directory);
    }

    /// <summary>Creates an empty log that continues the snapshot.</summary>
    private void StartLog(EntryId last)
    {
        var wal = Wal.Open(_fs, _directory.Wal, new WalOptions { SegmentBytes = SmallSegmentBytes, PrepareInBackground = false }, out _);
        try
        {
            wal.SaveVote(last.Term, votedFor: null);
            wal.Reset(last);
        }
        finally
        {
            wal.Close();
        }
    }

    /// <summary>The size of the first segment; the node makes later segments in the size of its options.</summary>
    private const int SmallSegmentBytes = 1024 * 1024;
}
