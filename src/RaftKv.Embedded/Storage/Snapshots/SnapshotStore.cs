using RaftKv.Embedded.Log;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// The snapshots of one node. A file appears under its name only when it is whole and durable; the newest two are kept, so that there is a
/// fallback. One thread writes, one receives, any number of threads read chunks to send.
/// </summary>
internal sealed class SnapshotStore : IDisposable
{
    private const int Kept = 2;

    private readonly IFileSystem _fileSystem;
    private readonly string _directory;

    // Guards the names in the directory and the files open for sending.
    private readonly Lock _gate = new();
    private readonly OpenSnapshots _sending = new();
    private long _newestBytes;
    private volatile bool _keepsFallback = true;
    private PartialSnapshot? _receiving;

    public SnapshotStore(IFileSystem fileSystem, string directory)
    {
        _fileSystem = fileSystem;
        _directory = directory;
        fileSystem.CreateDirectory(directory);
        DeleteOwn(SnapshotNames.TemporarySuffix);
    }

    /// <summary>The bytes of the disk that are left free for the log when a snapshot is received.</summary>
    public long ReservedBytes { get; init; }

    /// <summary>Bytes of a loaded snapshot that fit into memory. The store writes the rest to scratch files on the same disk.</summary>
    public long LoadedInMemoryBytes { get; init; } = long.MaxValue;

    /// <summary>Whether a second snapshot is kept as a fallback; <c>false</c> while the disk is short of room. Any thread.</summary>
    public bool KeepsFallback { get => _keepsFallback; set => _keepsFallback = value; }

    /// <summary>Bytes free on the disk. Any thread.</summary>
    public long FreeBytes => _fileSystem.AvailableBytes(_directory);

    /// <summary>The size of the newest snapshot that was written, received or opened; 0 before. Any thread.</summary>
    public long NewestBytes => Volatile.Read(ref _newestBytes);

    /// <summary>The finished snapshots, newest first.</summary>
    public IReadOnlyList<SnapshotInfo> List()
    {
        lock (_gate)
        {
            var snapshots = new List<SnapshotInfo>();
            foreach (var last in Names())
            {
                using var file = _fileSystem.Open(PathOf(last), FileOpenMode.Read);
                snapshots.Add(new SnapshotInfo(last, file.Length));
            }
            return snapshots;
        }
    }

    /// <summary>
    /// Writes a snapshot, while the applier runs, and makes it durable. A failure changes no earlier snapshot; but without
    /// <see cref="KeepsFallback"/> the older of two is deleted before. A finished snapshot of the same entry is kept, and none is written:
    /// a peer may be receiving it, and a new file may have the records in another order.
    /// </summary>
    public SnapshotInfo Write(Guid clusterId, KvSnapshot snapshot, CancellationToken cancellationToken)
    {
        var last = snapshot.State.Last;
        if (_fileSystem.FileExists(PathOf(last)))
            return Keep(last);
        var temporary = PathOf(last) + SnapshotNames.TemporarySuffix;
        GiveUpFallback();
        try
        {
            long bytes;
            using (var file = _fileSystem.Open(temporary, FileOpenMode.Create))
                bytes = new SnapshotWriter(file).Write(clusterId, snapshot, cancellationToken);
            Publish(temporary, last, bytes);
            return new SnapshotInfo(last, bytes);
        }
        catch
        {
            _fileSystem.DeleteQuietly(temporary);
            throw;
        }
    }

    /// <summary>
    /// The newest snapshot whose header and end are valid; <c>null</c> if there is none. A damaged one is set aside, and its error is added
    /// to <paramref name="damaged"/>. The caller must check whether the log still reaches back to an older snapshot. <see cref="Load"/>
    /// verifies the chunks between header and end.
    /// </summary>
    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.NewerFormat"/>: nothing is set aside.</exception>
    public SnapshotInfo? OpenNewest(ICollection<RaftKvStorageException> damaged)
    {
        while (true)
        {
            EntryId? newest;
            lock (_gate)
                newest = Names() is [var first, ..] ? first : null;
            if (newest is not { } last)
                return null;
            try
            {
                using var file = _fileSystem.Open(PathOf(last), FileOpenMode.Read);
                new SnapshotReader(file, PathOf(last)).ReadHeader().ThrowUnlessOf(last, PathOf(last));
                Volatile.Write(ref _newestBytes, file.Length);
                return new SnapshotInfo(last, file.Length);
            }
            catch (RaftKvStorageException e) when (e.Error == RaftKvStorageError.Damaged)
            {
                damaged.Add(e);
                SetAside(last);
            }
        }
    }

    /// <summary>The number of keys that the header of a snapshot states, but at most as many as its file has room for.</summary>
    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.Damaged"/>: see <see cref="SetAside"/>.</exception>
    public long KeyCount(EntryId last)
    {
        using var file = _fileSystem.Open(PathOf(last), FileOpenMode.Read);
        return KeyCount(file, PathOf(last));
    }

    private static long KeyCount(IStorageFile file, string path) =>
        Math.Min(new SnapshotReader(file, path).ReadHeader().KeyCount, file.Length / SnapshotFile.RecordBytes);

    /// <summary>The content of the header of a snapshot, without the tables of sessions and leases.</summary>
    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.Damaged"/></exception>
    public SnapshotContent ReadHeader(EntryId last)
    {
        using var file = _fileSystem.Open(PathOf(last), FileOpenMode.Read);
        return new SnapshotReader(file, PathOf(last)).ReadHeader();
    }

    /// <summary>Verifies and loads a snapshot into an empty store. After an exception the store has a part of it; discard it.</summary>
    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.Damaged"/>: see <see cref="SetAside"/>.</exception>
    public SnapshotContent Load(EntryId last, IKvStore store, CancellationToken cancellationToken)
    {
        using var file = _fileSystem.Open(PathOf(last), FileOpenMode.Read);
        return new SnapshotLoader(store, PathOf(last)).Load(last, new SnapshotReader(file, PathOf(last)), cancellationToken);
    }

    /// <summary>The newest snapshot, open for reading, if it covers <paramref name="index"/>. Any thread.</summary>
    public SnapshotSource? OpenCovering(long index)
    {
        lock (_gate)
        {
            return Names() is [var newest, ..] && newest.Index >= index
                ? new SnapshotSource(newest, PathOf(newest), _fileSystem.Open(PathOf(newest), FileOpenMode.Read))
                : null;
        }
    }

    /// <summary>Renames a damaged snapshot, so that it is not used any more but can be examined.</summary>
    public void SetAside(EntryId last)
    {
        lock (_gate)
        {
            _sending.Close(last);
            _fileSystem.Rename(PathOf(last), PathOf(last) + SnapshotNames.DamagedSuffix);
            _fileSystem.SyncDirectory(_directory);
        }
    }

    /// <summary>Reads a whole snapshot again, and sets it aside if it is damaged. Called on the thread that writes snapshots.</summary>
    /// <returns>The error; <c>null</c> if the snapshot is not damaged or does not exist any more.</returns>
    public RaftKvStorageException? SetAsideIfDamaged(EntryId last)
    {
        if (!_fileSystem.FileExists(PathOf(last)))
            return null;
        try
        {
            using var file = _fileSystem.Open(PathOf(last), FileOpenMode.Read);
            new SnapshotReader(file, PathOf(last)).ReadAll(visit: null, CancellationToken.None).ThrowUnlessOf(last, PathOf(last));
            return null;
        }
        catch (RaftKvStorageException e) when (e.Error == RaftKvStorageError.Damaged)
        {
            SetAside(last);
            return e;
        }
    }

    /// <summary>The index of the older snapshot, to which the log is kept; 0 without one. Not on the loop: it reads the disk.</summary>
    public long FallbackIndex
    {
        get
        {
            lock (_gate)
                return Names() is { Count: >= Kept } names ? names[Kept - 1].Index : 0;
        }
    }

    /// <summary>Deletes every other snapshot.</summary>
    public void KeepOnly(EntryId last)
    {
        lock (_gate)
        {
            foreach (var other in Names().Where(other => other != last))
            {
                _sending.Close(other);
                _fileSystem.Delete(PathOf(other));
            }
            _fileSystem.SyncDirectory(_directory);
        }
    }

    /// <summary>
    /// Reads bytes of a snapshot file into <paramref name="buffer"/>. Returns how many, and the size of the file; both are 0 when there is
    /// no such snapshot any more. A snapshot that is being sent stays readable after newer ones have replaced it.
    /// </summary>
    public int ReadChunk(EntryId last, long offset, Span<byte> buffer, out long totalBytes)
    {
        lock (_gate)
        {
            var file = _sending.Get(last, TryOpen);
            totalBytes = file?.Length ?? 0;
            return offset < 0 || offset >= totalBytes ? 0 : file!.Read(offset, buffer);
        }
    }

    /// <summary>Begins or continues to receive a snapshot; ends the attempt for another one. Returns the next offset to receive.</summary>
    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.DiskFull"/>: there is no room for it.</exception>
    public long BeginReceive(EntryId last, long totalBytes)
    {
        if (_receiving is { } current && current.Last == last && current.Total == totalBytes)
            return current.Length;
        StopReceiving();
        var path = PathOf(SnapshotNames.OfPart(last, totalBytes));
        DeleteOwn(SnapshotNames.PartSuffix, except: path);
        var file = _fileSystem.Open(path, _fileSystem.FileExists(path) ? FileOpenMode.ReadWrite : FileOpenMode.Create);
        if (file.Length > totalBytes)
        {
            file.Dispose();
            file = _fileSystem.Open(path, FileOpenMode.Create);
        }
        _receiving = new PartialSnapshot(last, totalBytes, path, file);
        var available = _fileSystem.AvailableBytes(_directory);
        if (totalBytes - _receiving.Length + Math.Max(0, totalBytes - LoadedInMemoryBytes) + ReservedBytes <= available)
            return _receiving.Length;
        AbandonReceive();
        throw new RaftKvStorageException(RaftKvStorageError.DiskFull,
            $"A snapshot of {totalBytes} bytes, and its records that do not fit in memory, need more than the {available} bytes that are "
                + $"free for '{_directory}'. The snapshot was not received. Free some space.");
    }

    /// <summary>Appends a piece; returns the next offset to receive. A piece at another offset, or too long, changes nothing.</summary>
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

    /// <summary>As <see cref="KeyCount(EntryId)"/>, of the snapshot that was received. A damaged one is deleted.</summary>
    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.Damaged"/>: it must be sent again from the start.</exception>
    public long ReceivedKeyCount(EntryId last) => OfReceived(last, received => KeyCount(received.File, received.Path));

    /// <summary>Verifies and loads the received snapshot. After an exception its file is deleted; discard the store.</summary>
    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.Damaged"/>: it must be sent again from the start.</exception>
    public SnapshotContent LoadReceived(EntryId last, Guid clusterId, IKvStore store, CancellationToken cancellationToken) =>
        OfReceived(last, received =>
    {
        var reader = new SnapshotReader(received.File, received.Path);
        var content = new SnapshotLoader(store, PathOf(last)).Load(last, reader, cancellationToken);
        return content.ClusterId == clusterId
            ? content : throw SnapshotContent.Damaged(PathOf(last), $"it was taken in cluster {content.ClusterId}");
    });

    /// <summary>Makes the received snapshot durable under its final name. Called after <see cref="LoadReceived"/>.</summary>
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

    private T OfReceived<T>(EntryId last, Func<PartialSnapshot, T> use)
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

    /// <summary>Ends the current attempt, and deletes the bytes that were received.</summary>
    public void AbandonReceive()
    {
        if (_receiving is not { } current)
            return;
        StopReceiving();
        _fileSystem.DeleteQuietly(current.Path);
    }

    private void StopReceiving()
    {
        _receiving?.File.Dispose();
        _receiving = null;
    }

    public void Dispose()
    {
        lock (_gate)
            _sending.CloseAll();
        StopReceiving();
    }

    /// <summary>Keeps a finished snapshot. Syncs the directory again: a sync after the rename may have failed.</summary>
    private SnapshotInfo Keep(EntryId last)
    {
        lock (_gate)
        {
            _fileSystem.SyncDirectory(_directory);
            using var file = _fileSystem.Open(PathOf(last), FileOpenMode.Read);
            return new SnapshotInfo(last, file.Length);
        }
    }

    /// <summary>Renames a file that is whole and synced to its final name.</summary>
    private void Publish(string from, EntryId last, long bytes)
    {
        lock (_gate)
        {
            _sending.Close(last);
            _fileSystem.Rename(from, PathOf(last));
            _fileSystem.SyncDirectory(_directory);
            Volatile.Write(ref _newestBytes, bytes);
            Tidy();
        }
    }

    /// <summary>Deletes all but the newest snapshots. Closes a file that is being sent if it was not read since the last call.</summary>
    private void Tidy()
    {
        _sending.CloseUnused();
        DeleteBehind(_keepsFallback ? Kept : 1);
    }

    /// <summary>While the disk is short of room, deletes the older of two snapshots before a new one is written.</summary>
    private void GiveUpFallback()
    {
        if (_keepsFallback)
            return;
        lock (_gate)
            DeleteBehind(1);
    }

    private void DeleteBehind(int newest)
    {
        foreach (var last in Names().Skip(newest))
            _fileSystem.Delete(PathOf(last));
    }

    /// <summary>The finished snapshots, newest first: numbers in names are padded, so names sort as the entries do.</summary>
    private List<EntryId> Names()
    {
        var names = new List<EntryId>();
        foreach (var name in _fileSystem.ListFiles(_directory).Reverse())
        {
            if (SnapshotNames.TryParse(name, out var last))
                names.Add(last);
        }
        return names;
    }

    private void DeleteOwn(string suffix, string? except = null)
    {
        var names = _fileSystem.ListFiles(_directory).Where(name => name.EndsWith(suffix, StringComparison.Ordinal));
        foreach (var name in names.Where(name => SnapshotNames.IsOwn(name) && PathOf(name) != except))
            _fileSystem.Delete(PathOf(name));
    }

    private IStorageFile? TryOpen(EntryId last) =>
        _fileSystem.FileExists(PathOf(last)) ? _fileSystem.Open(PathOf(last), FileOpenMode.Read) : null;

    private string PathOf(EntryId last) => PathOf(SnapshotNames.Of(last));

    private string PathOf(string name) => Path.Combine(_directory, name);
}
