using System.Buffers;
using System.Buffers.Binary;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// Copies a snapshot from a source that can only be read forward, one chunk in memory at a time. Passes a chunk on only after its checksum,
/// which covers all bytes before it too, was verified. The copied part of a damaged snapshot has no end chunk, so it is never taken for a
/// whole snapshot.
/// </summary>
/// <param name="read">Fills the memory; returns fewer bytes only at the end of the source.</param>
/// <param name="write">Receives the verified bytes, in order.</param>
/// <param name="name">The name of the source in error messages.</param>
internal sealed class SnapshotCopy(
    Func<Memory<byte>, CancellationToken, ValueTask<int>> read, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write,
    string name) : IDisposable
{
    private const int OrdinaryChunk = SnapshotFile.ChunkFrameBytes + SnapshotFile.ChunkBytes + SnapshotFile.ChecksumBytes;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(OrdinaryChunk);
    private long _offset;
    private uint _checksum;
    private long _records;
    private long _deletions;
    private long _sessionBytes;

    /// <summary>Copies the snapshot, which must end where the source ends.</summary>
    /// <exception cref="RaftKvStorageException">
    /// <see cref="RaftKvStorageError.Damaged"/> or <see cref="RaftKvStorageError.NewerFormat"/>.
    /// </exception>
    public async Task<RaftKvBackupInfo> RunAsync(CancellationToken cancellationToken)
    {
        var content = await CopyHeaderAsync(cancellationToken).ConfigureAwait(false);
        var last = SnapshotFile.ChunkKind.Records;
        while (last != SnapshotFile.ChunkKind.End)
            last = await CopyChunkAsync(last, cancellationToken).ConfigureAwait(false);
        if (await read(_buffer.AsMemory(0, 1), cancellationToken).ConfigureAwait(false) != 0)
            throw Damaged("bytes follow its end chunk");
        return new RaftKvBackupInfo
        {
            Version = new KvVersion(content.State.Last.Index),
            KeyCount = content.KeyCount,
            Bytes = _offset,
            ClusterId = content.ClusterId,
            LastWriteAt = DateTimeOffset.FromUnixTimeMilliseconds(content.State.LogTimeMs),
        };
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    private async ValueTask<SnapshotContent> CopyHeaderAsync(CancellationToken cancellationToken)
    {
        await FillAsync(0, SnapshotFile.PrefixBytes, cancellationToken).ConfigureAwait(false);
        if (!_buffer.AsSpan(0, 8).SequenceEqual(SnapshotFile.Magic))
            throw Damaged("it does not begin with the bytes of a snapshot");
        var bodyBytes = BinaryPrimitives.ReadUInt32LittleEndian(_buffer.AsSpan(12));
        if (bodyBytes is < SnapshotFile.FixedHeaderBytes or > SnapshotFile.MaxHeaderBytes)
            throw Damaged("its header has an impossible size");
        var headerBytes = SnapshotFile.PrefixBytes + (int)bodyBytes;
        await FillAsync(SnapshotFile.PrefixBytes, headerBytes + SnapshotFile.ChecksumBytes - SnapshotFile.PrefixBytes,
            cancellationToken).ConfigureAwait(false);
        _checksum = Crc32C.Compute(_buffer.AsSpan(0, headerBytes));
        if (BinaryPrimitives.ReadUInt32LittleEndian(_buffer.AsSpan(headerBytes)) != _checksum)
            throw Damaged("its header's checksum is wrong");
        var format = BinaryPrimitives.ReadUInt32LittleEndian(_buffer.AsSpan(8));
        if (format != SnapshotFile.FormatVersion)
            throw new RaftKvStorageException(RaftKvStorageError.NewerFormat,
                $"The snapshot {name} has format {format}; this version reads {SnapshotFile.FormatVersion}. "
                    + "Use the version that wrote it, or a later one.");
        SnapshotContent content;
        try
        {
            content = SnapshotFile.DecodeHeader(_buffer.AsSpan(SnapshotFile.PrefixBytes, (int)bodyBytes));
        }
        catch (FormatException e)
        {
            throw Damaged(e.Message);
        }
        await PassOnAsync(headerBytes + SnapshotFile.ChecksumBytes, cancellationToken).ConfigureAwait(false);
        return content;
    }

    private async ValueTask<SnapshotFile.ChunkKind> CopyChunkAsync(SnapshotFile.ChunkKind last, CancellationToken cancellationToken)
    {
        await FillAsync(0, SnapshotFile.ChunkFrameBytes, cancellationToken).ConfigureAwait(false);
        var kind = (SnapshotFile.ChunkKind)BinaryPrimitives.ReadUInt32LittleEndian(_buffer);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(_buffer.AsSpan(4));
        if (!Enum.IsDefined(kind) || kind < last || length is 0 or > SnapshotFile.MaxChunkBytes)
            throw Damaged("it has a chunk of an unknown kind, out of order or of an impossible size");
        var bytes = SnapshotFile.ChunkFrameBytes + (int)length;
        await FillAsync(SnapshotFile.ChunkFrameBytes, (int)length + SnapshotFile.ChecksumBytes, cancellationToken).ConfigureAwait(false);
        _checksum = Crc32C.Continue(_checksum, _buffer.AsSpan(0, bytes));
        if (BinaryPrimitives.ReadUInt32LittleEndian(_buffer.AsSpan(bytes)) != _checksum)
            throw Damaged("a checksum is wrong");
        Check(kind, _buffer.AsSpan(SnapshotFile.ChunkFrameBytes, (int)length));
        await PassOnAsync(bytes + SnapshotFile.ChecksumBytes, cancellationToken).ConfigureAwait(false);
        return kind;
    }

    /// <summary>Checks that records are whole, and that the end chunk has their number and the size of the session table.</summary>
    private void Check(SnapshotFile.ChunkKind kind, ReadOnlySpan<byte> payload)
    {
        if (kind == SnapshotFile.ChunkKind.End)
        {
            if (payload.Length != SnapshotFile.EndBytes || BinaryPrimitives.ReadInt64LittleEndian(payload) != _records
                || BinaryPrimitives.ReadInt64LittleEndian(payload[8..]) != _deletions
                || BinaryPrimitives.ReadInt64LittleEndian(payload[16..]) != _sessionBytes)
                throw Damaged("its counts do not match");
        }
        else if (kind == SnapshotFile.ChunkKind.Sessions)
        {
            _sessionBytes += payload.Length;
        }
        else if (kind == SnapshotFile.ChunkKind.Records)
        {
            while (!payload.IsEmpty)
            {
                if (!SnapshotFile.TryReadRecord(ref payload, out _, out _, out _, out var deleted))
                    throw Damaged("it has a malformed record");
                if (deleted)
                    _deletions++;
                else
                    _records++;
            }
        }
    }

    /// <summary>Fills the buffer, which grows only as bytes arrive: a wrong length must not allocate memory.</summary>
    private async ValueTask FillAsync(int at, int bytes, CancellationToken cancellationToken)
    {
        while (bytes > 0)
        {
            if (at == _buffer.Length)
                Grow(at);
            var take = Math.Min(bytes, _buffer.Length - at);
            if (await read(_buffer.AsMemory(at, take), cancellationToken).ConfigureAwait(false) != take)
                throw Damaged("it is cut off");
            at += take;
            bytes -= take;
        }
    }

    private void Grow(int used)
    {
        var larger = ArrayPool<byte>.Shared.Rent(2 * used);
        _buffer.AsSpan(0, used).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }

    private async ValueTask PassOnAsync(int bytes, CancellationToken cancellationToken)
    {
        await write(_buffer.AsMemory(0, bytes), cancellationToken).ConfigureAwait(false);
        _offset += bytes;
    }

    private RaftKvStorageException Damaged(string how) =>
        new(RaftKvStorageError.Damaged,
            $"The snapshot {name} is damaged at or after byte {_offset}: {how}. Nothing after that byte was used.");
}
