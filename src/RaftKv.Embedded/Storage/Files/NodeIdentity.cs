using System.Buffers.Binary;
using System.Text;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// The identity of the node that owns a data directory (file <c>identity</c>): a <see cref="FormatBlock"/> with
/// <code>incarnation 16 | cluster id 16 | u16 length | node id in UTF-8 | from format 2 on: predecessor 16</code>
/// The predecessor is <see cref="ReplacedIncarnation"/>. An identity without one is written in format 1, which every version reads.
/// </summary>
/// <param name="NodeId">The node's name.</param>
/// <param name="Incarnation">
/// The id of the data directory, created with it. After its disk was wiped, a node has another incarnation, which has no vote.
/// </param>
/// <param name="ClusterId">The cluster it belongs to; <see cref="Guid.Empty"/> while it belongs to none.</param>
internal sealed record NodeIdentity(string NodeId, Guid Incarnation, Guid ClusterId)
{
    public const string FileName = "identity";

    private const uint FirstFormat = 1;
    private const uint FormatVersion = 2;
    private const int MaxBytes = 512;
    private const int NodeIdOffset = FormatBlock.PrefixBytes + 32 + 2;

    private static ulong Magic => BinaryPrimitives.ReadUInt64LittleEndian("RaftKvID"u8);

    /// <summary>
    /// The incarnation that the directory had before its data was found to be older than what peers had recorded of it; empty if that never
    /// happened. The cluster replaces the old incarnation by the new one, as after the loss of a disk.
    /// </summary>
    public Guid ReplacedIncarnation { get; init; }

    public bool HasCluster => ClusterId != Guid.Empty;

    /// <summary>Reads the identity, and checks the node id. Null if the directory has no identity yet.</summary>
    /// <exception cref="RaftKvStorageException">
    /// <see cref="RaftKvStorageError.ForeignDirectory"/>: it belongs to another node; Damaged or NewerFormat.
    /// </exception>
    public static NodeIdentity? Load(IFileSystem fs, string directory, string nodeId)
    {
        if (!fs.FileExists(Path.Combine(directory, FileName)))
            return null;
        var identity = Read(fs, directory);
        if (identity.NodeId != nodeId)
        {
            throw new RaftKvStorageException(RaftKvStorageError.ForeignDirectory,
                $"The data directory {directory} belongs to node '{identity.NodeId}', and this node is '{nodeId}'. Correct the node "
                    + "id or the data directory in the options; "
                + "only if the data of that node is not wanted any more, empty the directory.");
        }
        return identity;
    }

    /// <summary>Reads the identity without a check of the node id. The file must exist.</summary>
    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.Damaged"/> or NewerFormat.</exception>
    public static NodeIdentity Read(IFileSystem fs, string directory)
    {
        var path = Path.Combine(directory, FileName);
        Span<byte> buffer = stackalloc byte[MaxBytes];
        using var file = fs.Open(path, FileOpenMode.Read);
        ReadOnlySpan<byte> block = buffer[..file.Read(0, buffer)];
        var hasPredecessor = FormatBlock.TryOpen(ref block, Magic, FormatVersion, path);
        var end = FormatBlock.ChecksumBytes + (hasPredecessor ? 16 : 0);
        if ((!hasPredecessor && !FormatBlock.TryOpen(ref block, Magic, FirstFormat, path)) || block.Length < NodeIdOffset + end
            || BinaryPrimitives.ReadUInt16LittleEndian(block[(NodeIdOffset - 2)..]) != block.Length - NodeIdOffset - end)
            throw new RaftKvStorageException(RaftKvStorageError.Damaged,
                $"{path} is damaged: the node and the cluster of this data are unknown. {Wal.DamageAdvice}");
        var nodeId = Encoding.UTF8.GetString(block[NodeIdOffset..^end]);
        return new NodeIdentity(nodeId, new Guid(block.Slice(16, 16)), new Guid(block.Slice(32, 16)))
        {
            ReplacedIncarnation = hasPredecessor ? new Guid(block.Slice(block.Length - end, 16)) : Guid.Empty,
        };
    }

    /// <summary>Writes the identity of a new node into a directory that has none; durable when it returns.</summary>
    public static NodeIdentity Create(IFileSystem fs, string directory, string nodeId, Guid incarnation)
    {
        var identity = new NodeIdentity(nodeId, incarnation, Guid.Empty);
        identity.Save(fs, directory);
        return identity;
    }

    /// <summary>Makes the node part of a cluster; durable when it returns. A node never changes its cluster.</summary>
    /// <exception cref="RaftKvStorageException">
    /// <see cref="RaftKvStorageError.ForeignDirectory"/>: it belongs to another cluster.
    /// </exception>
    public NodeIdentity Adopt(IFileSystem fs, string directory, Guid clusterId)
    {
        if (ClusterId == clusterId)
            return this;
        if (HasCluster)
        {
            throw new RaftKvStorageException(RaftKvStorageError.ForeignDirectory,
                $"The data directory {directory} belongs to cluster {ClusterId}, not to cluster {clusterId}. Correct the addresses of "
                    + "the members or the data directory in the "
                + "options; only if the data of that cluster is not wanted any more, empty the directory.");
        }
        var identity = this with { ClusterId = clusterId };
        identity.Save(fs, directory);
        return identity;
    }

    /// <summary>Writes the identity; durable when it returns.</summary>
    public void Save(IFileSystem fs, string directory)
    {
        var idBytes = Encoding.UTF8.GetByteCount(NodeId);
        var hasPredecessor = ReplacedIncarnation != Guid.Empty;
        var block = new byte[NodeIdOffset + idBytes + (hasPredecessor ? 16 : 0) + FormatBlock.ChecksumBytes];
        Incarnation.TryWriteBytes(block.AsSpan(16));
        ClusterId.TryWriteBytes(block.AsSpan(32));
        BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(NodeIdOffset - 2), (ushort)idBytes);
        Encoding.UTF8.GetBytes(NodeId, block.AsSpan(NodeIdOffset));
        if (hasPredecessor)
            ReplacedIncarnation.TryWriteBytes(block.AsSpan(NodeIdOffset + idBytes));
        FormatBlock.Seal(block, Magic, hasPredecessor ? FormatVersion : FirstFormat);
        FormatBlock.Replace(fs, directory, FileName, block);
    }
}
