using System.Globalization;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Storage;

/// <summary>Receiving a snapshot: one at a time, appended in order, believed only when all of it was verified.</summary>
internal sealed partial class SnapshotStore
{
    private Receiving? _receiving;

    /// <summary>Left free when a snapshot is received, for the log.</summary>
    public long ReservedBytes { get; init; }

    /// <summary>What of a snapshot is loaded into memory; the rest takes its room a second time.</summary>
    public long LoadedInMemoryBytes { get; init; } = long.MaxValue;

    private sealed class Receiving(EntryId last, long total, string path, IStorageFile file)
    {
        public EntryId Last => last;

        public long Total => total;

        public string Path => path;

        public IStorageFile File => file;

        public long Length { get; set; } = file.Length;
    }

    /// <summary>
    /// Prepares to receive; returns the first byte wanted, which is behind what an interrupted attempt, even of an earlier process, left. Another snapshot's attempt is given up.
    /// </summary>
    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.DiskFull"/>: there is no room for it.</exception>
    public long BeginReceive(EntryId last, long totalBytes)
    {
        if (_receiving is { } current && current.Last == last && current.Total == totalBytes)
            return current.Length;
        StopReceiving();
        var path = PathOf(last) + string.Create(CultureInfo.InvariantCulture, $".{totalBytes}{PartSuffix}");
        foreach (var name in _fileSystem.ListFiles(_directory))
        {
            if (name.EndsWith(PartSuffix, StringComparison.Ordinal) && IsOwnName(name) && PathOf(name) != path)
                _fileSystem.Delete(PathOf(name));
        }
        var file = _fileSystem.Open(path, _fileSystem.FileExists(path) ? FileOpenMode.ReadWrite : FileOpenMode.Create);
        if (file.Length > totalBytes)
        {
            file.Dispose();
            file = _fileSystem.Open(path, FileOpenMode.Create);
        }
        _receiving = new Receiving(last, totalBytes, path, file);
        var available = _fileSystem.AvailableBytes(_directory);
        if (totalBytes - _receiving.Length + Math.Max(0, totalBytes - LoadedInMemoryBytes) + ReservedBytes <= available)
            return _receiving.Length;
        AbandonReceive();
        throw new RaftKvStorageException(RaftKvStorageError.DiskFull, $"A snapshot of {totalBytes} bytes and what of it does not fit memory do not fit the {available} bytes left for '{_directory}'.");
    }

    /// <summary>Appends a piece; returns the next byte wanted. A piece that is not the next, or runs over the end, changes nothing.</summary>
    public long WriteChunk(EntryId last, long offset, ReadOnlySpan<byte> bytes)
    {
        if (_receiving is not { } current || current.Last != last)
            return 0;
        if (offset == current.Length && bytes.Length <= current.Total - offset)
        {
            current.File.Write(offset, bytes);
            current.Length += bytes.Length;
        }
        return current.Length;
    }

    /// <summary>As <see cref="KeyCount(EntryId)"/>, of the snapshot that was received. One that is not sound is thrown away.</summary>
    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.Damaged"/>: it must be sent again from the start.</exception>
    public long ReceivedKeyCount(EntryId last) => OfReceived(last, received => KeyCount(received.File, received.Path));

    /// <summary>Verifies every byte and reads it into an empty store, which must be thrown away when this throws. A snapshot that is not sound is thrown away.</summary>
    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.Damaged"/>: it must be sent again from the start.</exception>
    public SnapshotContent LoadReceived(EntryId last, Guid clusterId, IKvStore store, CancellationToken cancellationToken) => OfReceived(last, received =>
    {
        var content = ReadInto(store, last, new SnapshotReader(received.File, received.Path), cancellationToken);
        return content.ClusterId == clusterId ? content : throw Damaged(last, $"it was taken in cluster {content.ClusterId}");
    });

    /// <summary>Makes the snapshot, after <see cref="LoadReceived"/>, durable under its name.</summary>
    public SnapshotInfo CompleteReceive(EntryId last)
    {
        var received = OfReceived(last, received =>
        {
            received.File.Sync();
            return received;
        });
        StopReceiving();
        Publish(received.Path, last, received.Total);
        return new SnapshotInfo(last, received.Total);
    }

    private T OfReceived<T>(EntryId last, Func<Receiving, T> use)
    {
        if (_receiving is not { } received || received.Last != last)
            throw new InvalidOperationException($"No snapshot of entry {last} is being received.");
        try
        {
            return use(received);
        }
        catch (RaftKvStorageException)
        {
            AbandonReceive();
            throw;
        }
    }

    /// <summary>Forgets what was received so far.</summary>
    public void AbandonReceive()
    {
        if (_receiving is not { } current)
            return;
        StopReceiving();
        DeleteQuietly(current.Path);
    }

    private void StopReceiving()
    {
        _receiving?.File.Dispose();
        _receiving = null;
    }
}
