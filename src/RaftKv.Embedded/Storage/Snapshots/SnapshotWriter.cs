using System.Buffers.Binary;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Storage;

/// <summary>Writes one snapshot, a chunk at a time.</summary>
internal sealed class SnapshotWriter(IStorageFile file)
{
    /// <summary>
    /// The file is synced in steps of this many bytes: a sync of the log may have to wait for all bytes that the disk has yet to write.
    /// </summary>
    private const int SyncEvery = 4 * 1024 * 1024;

    private byte[] _chunk = new byte[16 * 1024];
    private int _used = SnapshotFile.ChunkFrameBytes;
    private long _offset;
    private long _synced;
    private uint _checksum;
    private long _records;
    private long _deletions;

    /// <summary>Writes and syncs the snapshot; returns its size in bytes.</summary>
    public long Write(Guid clusterId, KvSnapshot snapshot, CancellationToken cancellationToken)
    {
        var header = SnapshotFile.EncodeHeader(clusterId, snapshot.State, snapshot.KeyCount);
        file.Write(0, header);
        _offset = header.Length;
        _checksum = Crc32C.Compute(header.AsSpan(0, header.Length - SnapshotFile.ChecksumBytes));
        snapshot.Records.Visit(Add, cancellationToken);
        Close(SnapshotFile.ChunkKind.Records);
        WriteTable(SnapshotFile.ChunkKind.Sessions, snapshot.State.Sessions.Span);
        WriteTable(SnapshotFile.ChunkKind.Expiry, snapshot.State.Leases.Span);
        Span<byte> end = stackalloc byte[SnapshotFile.EndBytes];
        BinaryPrimitives.WriteInt64LittleEndian(end, _records);
        BinaryPrimitives.WriteInt64LittleEndian(end[8..], _deletions);
        BinaryPrimitives.WriteInt64LittleEndian(end[16..], snapshot.State.Sessions.Length);
        WriteChunk(SnapshotFile.ChunkKind.End, end);
        file.Sync();
        return _offset;
    }

    private void Add(ReadOnlySpan<byte> key, in RecordHeader header, ReadOnlySpan<byte> value, bool deleted)
    {
        var size = SnapshotFile.SizeOf(key.Length, header, value.Length, deleted);
        if (_used + size > SnapshotFile.ChunkFrameBytes + SnapshotFile.ChunkBytes)
            Close(SnapshotFile.ChunkKind.Records);
        SnapshotFile.WriteRecord(Reserve(size), key, header, value, deleted);
        if (deleted)
            _deletions++;
        else
            _records++;
    }

    private void WriteTable(SnapshotFile.ChunkKind kind, ReadOnlySpan<byte> table)
    {
        for (var from = 0; from < table.Length; from += SnapshotFile.ChunkBytes)
            WriteChunk(kind, table.Slice(from, Math.Min(SnapshotFile.ChunkBytes, table.Length - from)));
    }

    private void WriteChunk(SnapshotFile.ChunkKind kind, ReadOnlySpan<byte> payload)
    {
        payload.CopyTo(Reserve(payload.Length));
        Close(kind);
    }

    private Span<byte> Reserve(int bytes)
    {
        var needed = _used + bytes + SnapshotFile.ChecksumBytes;
        if (needed > _chunk.Length)
            Array.Resize(ref _chunk, Math.Max(needed,
                Math.Min(2 * _chunk.Length, SnapshotFile.ChunkFrameBytes + SnapshotFile.ChunkBytes + SnapshotFile.ChecksumBytes)));
        _used += bytes;
        return _chunk.AsSpan(_used - bytes, bytes);
    }

    private void Close(SnapshotFile.ChunkKind kind)
    {
        if (_used == SnapshotFile.ChunkFrameBytes)
            return;
        BinaryPrimitives.WriteUInt32LittleEndian(_chunk, (uint)kind);
        BinaryPrimitives.WriteUInt32LittleEndian(_chunk.AsSpan(4), (uint)(_used - SnapshotFile.ChunkFrameBytes));
        _checksum = Crc32C.Continue(_checksum, _chunk.AsSpan(0, _used));
        BinaryPrimitives.WriteUInt32LittleEndian(_chunk.AsSpan(_used), _checksum);
        file.Write(_offset, _chunk.AsSpan(0, _used + SnapshotFile.ChecksumBytes));
        _offset += _used + SnapshotFile.ChecksumBytes;
        if (_offset - _synced >= SyncEvery)
        {
            file.Sync();
            _synced = _offset;
        }
        _used = SnapshotFile.ChunkFrameBytes;
    }
}
