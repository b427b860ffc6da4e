using System.Runtime.CompilerServices;
using FASTER.core;
using RaftKv.Embedded.Records;
using Session = FASTER.core.ClientSession<FASTER.core.SpanByte, FASTER.core.SpanByte, FASTER.core.Empty, RaftKv.Embedded.Storage.FasterRead, FASTER.core.Empty, RaftKv.Embedded.Storage.FasterFunctions>;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// The records in FASTER's hybrid log: the hot ones in memory, the colder ones in scratch files that are deleted at the next start. Readers
/// see a
/// record under FASTER's shared lock of it, so never half a write.
/// </summary>
internal sealed unsafe class FasterKvStore : IKvStore
{
    public const string ScratchName = "hlog";

    private readonly FasterKV<SpanByte, SpanByte> _kv;
    private readonly FasterScratchDevice _device;
    private readonly FasterReadSessions _readers;
    private readonly Session _writer;
    private readonly KeyIndex _keys = new();
    private readonly FasterKeyComparer _comparer = new();
    private readonly FasterPrefetcher? _prefetcher;
    private readonly ScratchRoom _room;
    private readonly FasterCompactor _compactor;
    private readonly int _maxKeyBytes;
    private readonly int _maxValueBytes;
    private volatile FasterCheckpoint? _checkpoint;

    /// <param name="scratchDirectory">This store's own: what an earlier one left there is deleted.</param>
    public FasterKvStore(IFileSystem files, string scratchDirectory, FasterKvStoreSettings settings)
    {
        (_maxKeyBytes, _maxValueBytes) = (settings.MaxKeyBytes, settings.MaxValueBytes);
        EmptyDirectory(files, scratchDirectory);
        _device = new FasterScratchDevice(files, Path.Combine(scratchDirectory, ScratchName));
        _kv = new FasterKV<SpanByte, SpanByte>(new FasterKVSettings<SpanByte, SpanByte>
        {
            LogDevice = _device,
            CheckpointDir = scratchDirectory,
            EqualityComparer = _comparer,
            ConcurrencyControlMode = ConcurrencyControlMode.RecordIsolation,
            IndexSize = settings.IndexBytes,
            PageSize = settings.PageBytes,
            MemorySize = settings.MemoryBytes,
            SegmentSize = settings.SegmentBytes,
            // Records copied to the tail by reads would grow the log and break the order a checkpoint relies on.
            ReadCopyOptions = ReadCopyOptions.None,
        });
        var pageBits = System.Numerics.BitOperations.Log2((ulong)settings.PageBytes);
        _room = new ScratchRoom(_kv, () => files.AvailableBytes(scratchDirectory), pageBits);
        _compactor = new FasterCompactor(this, _kv, _device, _room, settings);
        _prefetcher = FasterPrefetcher.For(_kv, settings.PageBytes, settings.MemoryBytes);
        _readers = new FasterReadSessions(_kv);
        _writer = NewSession();
    }

    public long Count => _keys.Count;

    public long UnflushedBytes => Math.Max(0, _kv.Log.TailAddress - _kv.Log.SafeReadOnlyAddress);

    /// <summary>What the log takes in memory and on disk, dead records included.</summary>
    public long DataBytes => _kv.Log.TailAddress - _kv.Log.BeginAddress;

    /// <summary>Whether a checkpoint is alive, which needs the log from its begin.</summary>
    public bool IsPinned => _checkpoint is not null;

    public long KeyIndexBytes => _keys.MemoryBytes;

    /// <summary>Whether records can be brought from memory ahead of their use.</summary>
    public bool CanPrefetch => _prefetcher is not null;

    public long PrefetchPlace(ReadOnlySpan<byte> key)
    {
        var hash = _comparer.Hash(key);
        _prefetcher?.Bucket(hash);
        return hash;
    }

    public void PrefetchRecord(long place) => _prefetcher?.Record(place);

    public bool TryGetHeader(ReadOnlySpan<byte> key, out RecordHeader header)
    {
        var found = default(RecordHeader);
        var isThere = Find(_writer, key, new RecordVisit(&found, &Copy));
        header = found;
        return isThere;

        static void Copy(void* to, in RecordHeader from, ReadOnlySpan<byte> value) => *(RecordHeader*)to = from;
    }

    public void Put(ReadOnlySpan<byte> key, in RecordHeader header, ReadOnlySpan<byte> value, bool replaces = false)
    {
        if (key.Length is 0 || key.Length > _maxKeyBytes || value.Length > _maxValueBytes)
            throw new RaftKvStorageException(RaftKvStorageError.Io, $"A record of {key.Length} and {value.Length} bytes is outside "
                + $"this node's limits of {_maxKeyBytes} and {_maxValueBytes}: configure all nodes alike.");
        // The index comes second: a scan that finds a key there finds its record too.
        if (!Append(key, header, value) && !replaces)
            _keys.Add(key);
    }

    public bool Remove(ReadOnlySpan<byte> key)
    {
        if (!_keys.Remove(key))
            return false;
        _device.ThrowIfFaulted();
        _checkpoint?.Deleting(key);
        _compactor.NoteAppended();
        fixed (byte* k = key)
        {
            var target = new SpanByte(key.Length, (nint)k);
            _writer.Delete(ref target);
        }
        return true;
    }

    public bool Visit(ReadOnlySpan<byte> key, RecordVisit visit)
    {
        // Memory is most of a read: the bucket comes while the session is taken, the record while FASTER enters its epoch.
        var place = PrefetchPlace(key);
        var slot = _readers.Take();
        try
        {
            // Here, where the store cannot be disposed of: it looks into the bucket.
            PrefetchRecord(place);
            return Find(slot.Session!, key, visit);
        }
        finally
        {
            slot.Return();
        }
    }

    public int CopyKeys(ReadOnlySpan<byte> from, bool after, ReadOnlySpan<byte> to, int max, List<byte[]> keys) =>
        _keys.CopyKeys(from, after, to, max, keys);

    public int CopyKeysDescending(ReadOnlySpan<byte> from, ReadOnlySpan<byte> before, int max, List<byte[]> keys) =>
        _keys.CopyKeysDescending(from, before, max, keys);

    public bool HasRoomFor(int bytes) => _room.HasRoomFor(bytes);

    public void MaintainSpace() => _compactor.MaintainSpace();

    public void ReclaimSpace() => _compactor.ReclaimSpace();

    public void Loaded(long records) => _compactor.Loaded(records);

    public IStoreCheckpoint Checkpoint(long version)
    {
        if (_checkpoint is not null)
            throw new InvalidOperationException("A checkpoint of this store is alive already.");
        _device.ThrowIfFaulted();
        // The pinned pages are flushed now rather than when they are cold.
        if (_room.WhyNoRoomFor(UnflushedBytes) is { } reason)
            return CopiedCheckpoint.TryMake(this) ?? throw new RaftKvStorageException(RaftKvStorageError.DiskFull, reason);
        _compactor.End();
        // Everything below the tail becomes immutable: later writes append, so the log below stays as it is, wherever it moves.
        var end = _kv.Log.TailAddress;
        _kv.Log.ShiftReadOnlyAddress(end, wait: false);
        // Each look-up costs more than the record it saves while there are few of those.
        return _checkpoint = new FasterCheckpoint(this, _kv, _device, _kv.Log.BeginAddress, end, _compactor.MayHaveDead ? version : 0);
    }

    /// <summary>The checkpoint is disposed of.</summary>
    internal void Unpin() => _checkpoint = null;

    /// <summary>After the applier stopped. Waits for readers and a checkpoint's visit to leave.</summary>
    public void Dispose()
    {
        _checkpoint?.Stop();
        _compactor.End();
        _readers.Dispose();
        _writer.Dispose();
        // The device first: FASTER frees its pages without waiting for their flush.
        _device.Dispose();
        // An operation that hangs in the disk would read or write memory that is given back: it stays until the process ends.
        if (_device.HasStopped)
            _kv.Dispose();
    }

    /// <summary>Puts a record; true when it replaced one in place, so that its key is known to exist.</summary>
    internal bool Append(ReadOnlySpan<byte> key, in RecordHeader header, ReadOnlySpan<byte> value)
    {
        _device.ThrowIfFaulted();
        fixed (byte* k = key, v = value)
        {
            var put = new FasterPut { Header = header, Value = v, ValueBytes = value.Length };
            var target = new SpanByte(key.Length, (nint)k);
            var source = new SpanByte(FasterRecord.AllocationFor(header, value.Length), (nint)(&put));
            _writer.Upsert(ref target, ref source);
            if (!put.InPlace)
                _compactor.NoteAppended();
            return put.InPlace;
        }
    }

    /// <summary>Looks a key up and shows its record to the visit. FASTER's code for that is 7 KB, compiled here once and not into each
    /// caller, whose own code it would keep from being inlined.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool Find(Session session, ReadOnlySpan<byte> key, RecordVisit visit)
    {
        var frame = new FasterFrame(visit);
        var read = new FasterRead(&frame);
        fixed (byte* k = key)
        {
            var target = new SpanByte(key.Length, (nint)k);
            while (true)
            {
                var begin = _kv.Log.BeginAddress;
                Empty input = default;
                var status = session.Read(ref target, ref input, ref read);
                if (frame.Found && !status.IsPending)
                    return true;
                if (status.IsPending)
                    session.CompletePending(wait: true);
                _device.ThrowIfFaulted();
                // A record that maintenance moved to the tail while it was looked for at its old place seems absent: look again.
                if (frame.Found || _kv.Log.BeginAddress == begin)
                    return frame.Found;
            }
        }
    }

    private Session NewSession() => _kv.For(new FasterFunctions()).NewSession<FasterFunctions>();

    private static void EmptyDirectory(IFileSystem files, string directory)
    {
        files.CreateDirectory(directory);
        foreach (var name in files.ListFiles(directory))
        {
            if (ForeignEntries.IsScratchFile(name))
                files.Delete(Path.Combine(directory, name));
        }
    }
}
