using RaftKv.Embedded.Storage;

namespace RaftKv.Embedded.Replica;

/// <summary>Who this node is, now and on its disk.</summary>
internal sealed class LocalIdentity
{
    private readonly IFileSystem _files;
    private readonly string _directory;
    private NodeIdentity _identity;

    private LocalIdentity(IFileSystem files, string directory, NodeIdentity identity) => (_files, _directory, _identity) = (files, directory, identity);

    public string NodeId => _identity.NodeId;

    public Guid Incarnation => Volatile.Read(ref _identity).Incarnation;

    /// <summary>The incarnation that the cluster should replace by this one; empty if there is none.</summary>
    public Guid Predecessor => Volatile.Read(ref _identity).Predecessor;

    /// <summary>Empty while the node has no cluster.</summary>
    public Guid ClusterId => Volatile.Read(ref _identity).ClusterId;

    /// <exception cref="RaftKvStorageException">The directory belongs to another node, or its identity cannot be read.</exception>
    public static LocalIdentity Open(IFileSystem files, string directory, string nodeId)
    {
        if (NodeIdentity.Load(files, directory, nodeId) is { } identity)
            return new LocalIdentity(files, directory, identity);
        // The identity is older than everything beside it: a log without one has lost it, and its votes and entries are nobody's.
        if (files.ListFiles(Path.Combine(directory, "wal")).Count > 0)
        {
            throw new RaftKvStorageException(RaftKvStorageError.Damaged,
                $"{Path.Combine(directory, NodeIdentity.FileName)} is missing, though there is a log beside it: who owns this data is unknown. {Wal.DamageAdvice}");
        }
        return new LocalIdentity(files, directory, NodeIdentity.Create(files, directory, nodeId, Guid.NewGuid()));
    }

    /// <summary>
    /// Gives the directory, which has gone back in time, another identity: nothing that was said under the old one counts for it. Durable
    /// when it returns. One thread at a time: <see cref="Formation"/> sees to it.
    /// </summary>
    public void Reincarnate(Guid incarnation)
    {
        var identity = _identity with { Incarnation = incarnation, Predecessor = _identity.Incarnation };
        identity.Save(_files, _directory);
        Volatile.Write(ref _identity, identity);
    }

    /// <summary>Durable when it returns. One thread at a time: <see cref="Formation"/> sees to it.</summary>
    public void Adopt(Guid clusterId) => Volatile.Write(ref _identity, _identity.Adopt(_files, _directory, clusterId));
}
