using RaftKv.Embedded.Storage;

namespace RaftKv.Embedded.Node;

/// <summary>The identity of this node, in memory and on its disk: its name, its incarnation and its cluster.</summary>
internal sealed class LocalIdentity
{
    private readonly IFileSystem _files;
    private readonly string _directory;
    private readonly Func<Guid> _newId;
    private NodeIdentity _identity;

    private volatile bool _isJoining;

    private LocalIdentity(IFileSystem files, string directory, NodeIdentity identity, Func<Guid> newId)
    {
        (_files, _directory, _identity, _newId) = (files, directory, identity, newId);
        _isJoining = identity.HasCluster && files.FileExists(MarkerPath);
    }

    public string NodeId => _identity.NodeId;

    public Guid Incarnation => Volatile.Read(ref _identity).Incarnation;

    /// <summary>The incarnation that the cluster should replace by this one; empty if there is none.</summary>
    public Guid ReplacedIncarnation => Volatile.Read(ref _identity).ReplacedIncarnation;

    /// <summary>
    /// A cluster has adopted this node, and this node does not know a committed configuration that names it yet. Survives a restart.
    /// </summary>
    public bool IsJoining => _isJoining;

    /// <summary>
    /// This process created the directory, or gave up a cluster of which it had no entry: nothing was said under this incarnation before,
    /// so the directory is no older copy of itself.
    /// </summary>
    public bool IsNew { get; private set; }

    private string MarkerPath => Path.Combine(_directory, DirectoryMarkers.Joining);

    /// <summary>Empty while the node has no cluster.</summary>
    public Guid ClusterId => Volatile.Read(ref _identity).ClusterId;

    /// <param name="files">The file system of the directory.</param>
    /// <param name="directory">The data directory.</param>
    /// <param name="nodeId">The name of the node.</param>
    /// <param name="newId">Makes ids of clusters and data directories; <c>null</c> makes random ones.</param>
    /// <exception cref="RaftKvStorageException">The directory belongs to another node, or its identity cannot be read.</exception>
    public static LocalIdentity Open(IFileSystem files, string directory, string nodeId, Func<Guid>? newId = null)
    {
        newId ??= Guid.NewGuid;
        if (NodeIdentity.Load(files, directory, nodeId) is { } identity)
            return new LocalIdentity(files, directory, identity, newId);
        // The identity is written before everything beside it: a directory that has a log and no identity has lost it, and the owner of its
        // votes and entries is unknown.
        if (files.ListFiles(Path.Combine(directory, "wal")).Count > 0)
        {
            throw new RaftKvStorageException(RaftKvStorageError.Damaged,
                $"{Path.Combine(directory, NodeIdentity.FileName)} is missing, though there is a log beside it: who owns this data is "
                    + $"unknown. {Wal.DamageAdvice}");
        }
        return new LocalIdentity(files, directory, NodeIdentity.Create(files, directory, nodeId, newId()), newId) { IsNew = true };
    }

    /// <summary>
    /// Gives the directory, which has gone back in time, another identity: nothing that was said under the old one counts for it. Durable
    /// when it returns. One thread at a time, which <see cref="ClusterBootstrap"/> ensures.
    /// </summary>
    public void Reincarnate()
    {
        var identity = _identity with { Incarnation = _newId(), ReplacedIncarnation = _identity.Incarnation };
        identity.Save(_files, _directory);
        Volatile.Write(ref _identity, identity);
    }

    /// <summary>
    /// The node bootstraps a cluster, which gets a new id. Durable when it returns. One thread at a time, which
    /// <see cref="ClusterBootstrap"/> ensures.
    /// </summary>
    public void Found() => Adopt(_newId());

    /// <summary>As <see cref="Found"/>, of a cluster with this id.</summary>
    public void Adopt(Guid clusterId) => Volatile.Write(ref _identity, _identity.Adopt(_files, _directory, clusterId));

    /// <summary>As <see cref="Adopt"/>, of a cluster that another node bootstrapped.</summary>
    public void Join(Guid clusterId)
    {
        // Durable before the identity names the cluster.
        _files.Open(MarkerPath, FileOpenMode.Create).Dispose();
        _files.SyncDirectory(_directory);
        _isJoining = true;
        Adopt(clusterId);
    }

    /// <summary>A committed configuration names this node, or it was removed: nothing is left to ask for.</summary>
    public void EndJoining()
    {
        if (!_isJoining)
            return;
        _files.Delete(MarkerPath);
        _files.SyncDirectory(_directory);
        _isJoining = false;
    }

    /// <summary>
    /// No node starts on the directory any more: its log has entries that the cluster never had. Durable when it returns.
    /// </summary>
    public void MarkDiverged()
    {
        _files.Open(Path.Combine(_directory, DirectoryMarkers.Diverged), FileOpenMode.Create).Dispose();
        _files.SyncDirectory(_directory);
    }

    /// <summary>
    /// Gives up a cluster of which this node has no entry. It becomes another incarnation, as if its disk had been replaced. Durable when
    /// it returns.
    /// </summary>
    public void Forget()
    {
        var fresh = new NodeIdentity(NodeId, _newId(), Guid.Empty);
        fresh.Save(_files, _directory);
        Volatile.Write(ref _identity, fresh);
        IsNew = true;
        EndJoining();
    }
}
