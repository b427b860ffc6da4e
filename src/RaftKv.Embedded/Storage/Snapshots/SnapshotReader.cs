using System.Buffers.Binary;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// Reads and verifies one snapshot. A record is returned only after the checksum of its chunk, and of all chunks before it, was right.
/// </summary>
internal sealed class SnapshotReader(IStorageFile file, string path)
{
    private readonly long _length = file.Length;
    private byte[] _buffer = new byte[Math.Min(file.Length, SnapshotFile.ChunkFrameBytes + SnapshotFile.ChunkBytes
        + SnapshotFile.ChecksumBytes)];
    private long _offset;
    private uint _checksum;
    private long _records;
    private long _deletions;

    /// <summary>
    /// Reads and verifies the header, and checks that the file ends with an end chunk. Cheap: the chunks in between are not verified.
    /// </summary>
    public SnapshotContent ReadHeader()
    {
        var prefix = Fill(0, SnapshotFile.PrefixBytes);
        if (!prefix[..8].SequenceEqual(SnapshotFile.Magic))
            throw Damaged(0, "it does not begin with the bytes of a snapshot");
        var format = BinaryPrimitives.ReadUInt32LittleEndian(prefix[8..]);
        var bodyBytes = BinaryPrimitives.ReadUInt32LittleEndian(prefix[12..]);
        if (bodyBytes is < SnapshotFile.FixedHeaderBytes or > SnapshotFile.MaxHeaderBytes)
            throw Damaged(12, "its header has an impossible size");
        var headerBytes = SnapshotFile.PrefixBytes + (int)bodyBytes;
        var header = Fill(0, headerBytes + SnapshotFile.ChecksumBytes);
        _checksum = Crc32C.Compute(header[..headerBytes]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(header[headerBytes..]) != _checksum)
            throw Damaged(0, "its header's checksum is wrong");
        if (format != SnapshotFile.FormatVersion)
            throw new RaftKvStorageException(RaftKvStorageError.NewerFormat,
                $"The snapshot '{path}' has format {format}; this version reads {SnapshotFile.FormatVersion}. "
                    + "Use the version that wrote it, or a later one.");
        _offset = header.Length;
        SnapshotContent content;
        try
        {
            content = SnapshotFile.DecodeHeader(header[SnapshotFile.PrefixBytes..headerBytes]);
        }
        catch (FormatException e)
        {
            throw Damaged(SnapshotFile.PrefixBytes, e.Message);
        }
        CheckEndIsThere();
        return content;
    }

    /// <summary>Verifies the whole file. Passes its records in order to <paramref name="visit"/>, unless that is <c>null</c>.</summary>
    public SnapshotContent ReadAll(CheckpointVisitor? visit, CancellationToken cancellationToken)
    {
        var content = ReadHeader();
        var sessions = new MemoryStream();
        var leases = new MemoryStream();
        var last = SnapshotFile.ChunkKind.Records;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var at = _offset;
            var payload = ReadChunk(out var kind);
            if (kind < last)
                throw Damaged(at, "its chunks are out of order");
            last = kind;
            switch (kind)
            {
                case SnapshotFile.ChunkKind.Records:
                    VisitRecords(payload, at, visit);
                    break;
                case SnapshotFile.ChunkKind.Sessions:
                    if (sessions.Length + payload.Length > SnapshotFile.MaxSessionBytes)
                        throw Damaged(at, "its session table is too large");
                    sessions.Write(payload);
                    break;
                case SnapshotFile.ChunkKind.Expiry:
                    if (leases.Length + payload.Length > SnapshotFile.MaxLeaseBytes)
                        throw Damaged(at, "its table of leases is too large");
                    leases.Write(payload);
                    break;
                default:
                    CheckEnd(payload, at, sessions.Length);
                    return content with { State = content.State with { Sessions = sessions.ToArray(), Leases = leases.ToArray() } };
            }
        }
    }

    private void VisitRecords(ReadOnlySpan<byte> payload, long at, CheckpointVisitor? visit)
    {
        while (!payload.IsEmpty)
        {
            if (!SnapshotFile.TryReadRecord(ref payload, out var key, out var header, out var value, out var deleted))
                throw Damaged(at, "it has a malformed record");
            if (deleted)
                _deletions++;
            else
                _records++;
            visit?.Invoke(key, header, value, deleted);
        }
    }

    private void CheckEnd(ReadOnlySpan<byte> end, long at, long sessionBytes)
    {
        if (_offset != _length)
            throw Damaged(_offset, "bytes follow its end chunk");
        if (end.Length != SnapshotFile.EndBytes
            || BinaryPrimitives.ReadInt64LittleEndian(end) != _records
            || BinaryPrimitives.ReadInt64LittleEndian(end[8..]) != _deletions
            || BinaryPrimitives.ReadInt64LittleEndian(end[16..]) != sessionBytes)
        {
            throw Damaged(at, "its counts do not match");
        }
    }

    private void CheckEndIsThere()
    {
        const int EndChunkBytes = SnapshotFile.ChunkFrameBytes + SnapshotFile.EndBytes + SnapshotFile.ChecksumBytes;
        var at = _length - EndChunkBytes;
        if (at < _offset)
            throw Damaged(_offset, "it is cut off");
        var frame = Fill(at, SnapshotFile.ChunkFrameBytes);
        if (BinaryPrimitives.ReadUInt32LittleEndian(frame) != (uint)SnapshotFile.ChunkKind.End
            || BinaryPrimitives.ReadUInt32LittleEndian(frame[4..]) != SnapshotFile.EndBytes)
            throw Damaged(at, "its end chunk is missing");
    }

    private ReadOnlySpan<byte> ReadChunk(out SnapshotFile.ChunkKind kind)
    {
        var frame = Fill(_offset, SnapshotFile.ChunkFrameBytes);
        kind = (SnapshotFile.ChunkKind)BinaryPrimitives.ReadUInt32LittleEndian(frame);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(frame[4..]);
        if (!Enum.IsDefined(kind) || length is 0 or > SnapshotFile.MaxChunkBytes)
            throw Damaged(_offset, "it has a chunk of an unknown kind or an impossible size");
        var bytes = SnapshotFile.ChunkFrameBytes + (int)length;
        var chunk = Fill(_offset, bytes + SnapshotFile.ChecksumBytes);
        _checksum = Crc32C.Continue(_checksum, chunk[..bytes]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(chunk[bytes..]) != _checksum)
            throw Damaged(_offset, "a checksum is wrong");
        _offset += chunk.Length;
        return chunk[SnapshotFile.ChunkFrameBytes..bytes];
    }

    /// <summary>Reads bytes into the buffer. Memory is allocated only for bytes that the file has.</summary>
    private ReadOnlySpan<byte> Fill(long offset, int bytes)
    {
        if (bytes > _length - offset)
            throw Damaged(offset, "it is cut off");
        if (bytes > _buffer.Length)
            _buffer = new byte[bytes];
        var span = _buffer.AsSpan(0, bytes);
        if (file.Read(offset, span) != bytes)
            throw Damaged(offset, "it is cut off");
        return span;
    }

    private RaftKvStorageException Damaged(long offset, string how) =>
        new(RaftKvStorageError.Damaged,
            $"The snapshot '{path}' is damaged at byte {offset}: {how}. "
            + "Remove the file if an older one or another node can take its place.");
}
