using System.Globalization;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// The snapshots of one node. A file appears under its name only when it is whole and durable; the newest two are kept, so that there is one to fall back
/// to. One thread writes, one receives, any number read chunks to send.
/// </summary>
internal sealed partial class SnapshotStore : IDisposable
{
    private const string Prefix = "snapshot-";
    private const string Suffix = ".snap";
    private const string TemporarySuffix = ".tmp";
    private const string PartSuffix = ".part";
    private const string DamagedSuffix = ".damaged";
    private const int Kept = 2;

    private readonly IFileSystem _fileSystem;
    private readonly string _directory;

    // Guards the names in the directory and the files open for sending.
    private readonly Lock _gate = new();
    private readonly Dictionary<EntryId, Sending> _sending = [];
    private long _newestBytes;
    private volatile bool _keepsFallback = true;

    public SnapshotStore(IFileSystem fileSystem, string directory)
    {
        _fileSystem = fileSystem;
        _directory = directory;
        fileSystem.CreateDirectory(directory);
        foreach (var name in fileSystem.ListFiles(directory))
        {
            if (name.EndsWith(TemporarySuffix, StringComparison.Ordinal) && IsOwnName(name))
                fileSystem.Delete(PathOf(name));
        }
    }

    private sealed class Sending(IStorageFile file)
    {
        public IStorageFile File => file;

        public long Length { get; } = file.Length;

        /// <summary>Whether a chunk was read since the snapshots were last tidied.</summary>
        public bool InUse { get; set; }
    }

    /// <summary>Whether a file in the snapshots' directory has a name that this class gives. Files with other names are left alone.</summary>
    public static bool IsOwnName(string name)
    {
        if (name.EndsWith(PartSuffix, StringComparison.Ordinal) && name.LastIndexOf('.', name.Length - PartSuffix.Length - 1) is var dot and > 0)
            return long.TryParse(name.AsSpan((dot + 1)..^PartSuffix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out _) && TryParse(name[..dot], out _);
        foreach (var suffix in (ReadOnlySpan<string>)[TemporarySuffix, DamagedSuffix])
        {
            if (name.EndsWith(suffix, StringComparison.Ordinal))
                return TryParse(name[..^suffix.Length], out _);
        }
        return TryParse(name, out _);
    }

    /// <summary>Whether a second snapshot is kept, to fall back to; not while the disk is short of room. Any thread.</summary>
    public bool KeepsFallback { get => _keepsFallback; set => _keepsFallback = value; }

    /// <summary>Room on the disk. Any thread.</summary>
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
    /// Writes a snapshot beside the applier and makes it durable. A failure leaves the earlier ones as they were. A finished snapshot of the same entry is kept
    /// instead: it may be on its way to a peer, and its bytes may come in another order.
    /// </summary>
    public SnapshotInfo Write(Guid clusterId, KvSnapshot snapshot, CancellationToken cancellationToken)
    {
        var last = snapshot.State.Last;
        if (_fileSystem.FileExists(PathOf(last)))
            return Keep(last);
        var temporary = PathOf(last) + TemporarySuffix;
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
            DeleteQuietly(temporary);
            throw;
        }
    }

    /// <summary>
    /// The newest snapshot whose header and end are sound. A damaged one is set aside and told to <paramref name="damaged"/>; whether the log still reaches back to an older one
    /// is the caller's to check. What is between header and end is verified by <see cref="Load"/>.
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
                Expect(last, new SnapshotReader(file, PathOf(last)).ReadHeader());
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

    /// <summary>How many keys a snapshot holds by its header, and never more than its file has room for.</summary>
    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.Damaged"/>: see <see cref="SetAside"/>.</exception>
    public long KeyCount(EntryId last)
    {
        using var file = _fileSystem.Open(PathOf(last), FileOpenMode.Read);
        return KeyCount(file, PathOf(last));
    }

    private static long KeyCount(IStorageFile file, string path) => Math.Min(new SnapshotReader(file, path).ReadHeader().KeyCount, file.Length / SnapshotFile.RecordBytes);

    /// <summary>What a snapshot says of itself, without its tables.</summary>
    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.Damaged"/></exception>
    public SnapshotContent ReadHeader(EntryId last)
    {
        using var file = _fileSystem.Open(PathOf(last), FileOpenMode.Read);
        return new SnapshotReader(file, PathOf(last)).ReadHeader();
    }

    /// <summary>
    /// Reads a snapshot into an empty store, verifying everything. When it throws, the store holds a part and must be thrown away.
    /// </summary>
    /// <exception cref="RaftKvStorageException"><see cref="RaftKvStorageError.Damaged"/>: see <see cref="SetAside"/>.</exception>
    public SnapshotContent Load(EntryId last, IKvStore store, CancellationToken cancellationToken)
    {
        using var file = _fileSystem.Open(PathOf(last), FileOpenMode.Read);
        return ReadInto(store, last, new SnapshotReader(file, PathOf(last)), cancellationToken);
    }

    private SnapshotContent ReadInto(IKvStore store, EntryId last, SnapshotReader reader, CancellationToken cancellationToken)
    {
        Invariant.Holds(store.Count == 0, "a snapshot is loaded into an empty store");
        var records = 0L;
        var mortal = new SortedSet<byte[]>(KeyOrder.Instance);
        var sum = new RecordSum();
        var content = reader.ReadAll(Add, cancellationToken);
        Expect(last, content);
        if (store.Count != content.KeyCount)
            throw Damaged(last, $"its records amount to {store.Count} keys instead of {content.KeyCount}");
        store.Loaded(records);
        return content with { Mortal = mortal, Sum = sum };

        void Add(ReadOnlySpan<byte> key, in RecordHeader header, ReadOnlySpan<byte> value, bool deleted)
        {
            if (!store.HasRoomFor(key.Length + value.Length))
                throw new RaftKvStorageException(RaftKvStorageError.DiskFull, $"The disk has too little room for the records of the snapshot '{PathOf(last)}' that do not fit memory. Free some space.");
            store.TryGetHeader(key, out var before);
            var record = deleted ? default : header with { ValueChecksum = RecordSum.Checksum(value) };
            sum.Replace(key, before, record);
            if (deleted)
                store.Remove(key);
            else
                store.Put(key, record, value, replaces: before.Version != 0);
            if (header.HasLifetime)
                mortal.Add(key.ToArray());
            records++;
        }
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

    /// <summary>Takes a damaged snapshot out of the way, so that it can be examined.</summary>
    public void SetAside(EntryId last)
    {
        lock (_gate)
        {
            StopSending(last);
            _fileSystem.Rename(PathOf(last), PathOf(last) + DamagedSuffix);
            _fileSystem.SyncDirectory(_directory);
        }
    }

    /// <summary>Reads all of a snapshot again, and sets it aside if it is damaged by now. On the thread that writes snapshots.</summary>
    /// <returns>What is wrong with it; <c>null</c>: nothing, or it is not here any more.</returns>
    public RaftKvStorageException? SetAsideIfDamaged(EntryId last)
    {
        if (!_fileSystem.FileExists(PathOf(last)))
            return null;
        try
        {
            using var file = _fileSystem.Open(PathOf(last), FileOpenMode.Read);
            Expect(last, new SnapshotReader(file, PathOf(last)).ReadAll(visit: null, CancellationToken.None));
            return null;
        }
        catch (RaftKvStorageException e) when (e.Error == RaftKvStorageError.Damaged)
        {
            SetAside(last);
            return e;
        }
    }

    /// <summary>
    /// The index of the entry behind which the log must be kept so that the older of the two snapshots is one to fall back to: that of the older one, and 0 while there is only one. Any thread but the
    /// replica's loop.
    /// </summary>
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
            foreach (var other in Names())
            {
                if (other == last)
                    continue;
                StopSending(other);
                _fileSystem.Delete(PathOf(other));
            }
            _fileSystem.SyncDirectory(_directory);
        }
    }

    /// <summary>
    /// Reads raw bytes of a snapshot, which are what goes over the wire, into <paramref name="buffer"/>; returns how many and the size of the whole, 0 when there is no such
    /// snapshot any more. One that is being sent stays readable after newer ones have replaced it.
    /// </summary>
    public int ReadChunk(EntryId last, long offset, Span<byte> buffer, out long totalBytes)
    {
        lock (_gate)
        {
            totalBytes = 0;
            if (!_sending.TryGetValue(last, out var sending))
            {
                if (!_fileSystem.FileExists(PathOf(last)))
                    return 0;
                _sending[last] = sending = new Sending(_fileSystem.Open(PathOf(last), FileOpenMode.Read));
            }
            sending.InUse = true;
            totalBytes = sending.Length;
            return offset < 0 || offset >= totalBytes ? 0 : sending.File.Read(offset, buffer);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var last in _sending.Keys)
                StopSending(last);
        }
        StopReceiving();
    }

    /// <summary>An earlier sync of the directory may have failed after the file got its name.</summary>
    private SnapshotInfo Keep(EntryId last)
    {
        lock (_gate)
        {
            _fileSystem.SyncDirectory(_directory);
            using var file = _fileSystem.Open(PathOf(last), FileOpenMode.Read);
            return new SnapshotInfo(last, file.Length);
        }
    }

    /// <summary>The file is whole and synced; now it gets its name.</summary>
    private void Publish(string from, EntryId last, long bytes)
    {
        lock (_gate)
        {
            StopSending(last);
            _fileSystem.Rename(from, PathOf(last));
            _fileSystem.SyncDirectory(_directory);
            Volatile.Write(ref _newestBytes, bytes);
            Tidy();
        }
    }

    /// <summary>Deletes all but the newest. A file that is being sent is kept open until two tidyings pass without a chunk asked for.</summary>
    private void Tidy()
    {
        foreach (var (last, sending) in _sending)
        {
            if (!sending.InUse)
                StopSending(last);
            sending.InUse = false;
        }
        foreach (var last in Names().Skip(_keepsFallback ? Kept : 1))
            _fileSystem.Delete(PathOf(last));
    }

    /// <summary>Where a snapshot is taken for want of room, the older of two makes room for it.</summary>
    private void GiveUpFallback()
    {
        if (_keepsFallback)
            return;
        lock (_gate)
        {
            foreach (var last in Names().Skip(1))
                _fileSystem.Delete(PathOf(last));
        }
    }

    private void StopSending(EntryId last)
    {
        if (_sending.Remove(last, out var sending))
            sending.File.Dispose();
    }

    private void DeleteQuietly(string path)
    {
        try
        {
            _fileSystem.Delete(path);
        }
        catch (RaftKvStorageException)
        {
            // The failure that led here is the one to report; the next start deletes leftovers.
        }
    }

    private void Expect(EntryId last, SnapshotContent content)
    {
        if (content.State.Last != last)
            throw Damaged(last, $"it covers entry {content.State.Last} instead");
    }

    private RaftKvStorageException Damaged(EntryId last, string how) =>
        new(RaftKvStorageError.Damaged, $"The snapshot '{PathOf(last)}' is damaged: {how}.");

    /// <summary>Newest first: names are padded, so their order is that of the entries.</summary>
    private List<EntryId> Names()
    {
        var names = new List<EntryId>();
        foreach (var name in _fileSystem.ListFiles(_directory).Reverse())
        {
            if (TryParse(name, out var last))
                names.Add(last);
        }
        return names;
    }

    private string PathOf(EntryId last) => PathOf(string.Create(CultureInfo.InvariantCulture, $"{Prefix}{last.Index:D19}-{last.Term:D19}{Suffix}"));

    private string PathOf(string name) => Path.Combine(_directory, name);

    private static bool TryParse(string name, out EntryId last)
    {
        const int Digits = 19;
        last = default;
        if (name.Length != Prefix.Length + Digits + 1 + Digits + Suffix.Length || !name.StartsWith(Prefix, StringComparison.Ordinal) || !name.EndsWith(Suffix, StringComparison.Ordinal)
            || !long.TryParse(name.AsSpan(Prefix.Length, Digits), NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            || !long.TryParse(name.AsSpan(Prefix.Length + Digits + 1, Digits), NumberStyles.None, CultureInfo.InvariantCulture, out var term))
        {
            return false;
        }
        last = new EntryId(term, index);
        return true;
    }
}
