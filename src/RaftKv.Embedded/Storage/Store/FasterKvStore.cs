using System.Runtime.CompilerServices;
using FASTER.core;
using RaftKv.Embedded.Records;
using Session = FASTER.core.ClientSession<
    FASTER.core.SpanByte, FASTER.core.SpanByte, FASTER.core.Empty, RaftKv.Embedded.Storage.FasterRead, FASTER.core.Empty,
    RaftKv.Embedded.Storage.FasterFunctions>;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// The records in FASTER's hybrid log: the hot ones in memory, the colder ones in scratch files that are deleted at the next start. Readers
/// read a record under FASTER's shared lock of it, so they never see a partial write.
/// </summary>
internal sealed unsafe class FasterKvStore : IKvStore
{
    public const string ScratchName = "hlog";

    /// <summary>How long <see cref="Dispose"/> lets reads in progress go on before it ends those that wait for the disk.</summary>
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);

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

    /// <param name="scratchDirectory">A directory for this store only: scratch files that an earlier store left there are deleted.</param>
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
            // Reads must not copy records to the tail: that would grow the log, and break the order that a checkpoint relies on.
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

    /// <summary>The bytes of the log in memory and on disk, including dead records.</summary>
    public long DataBytes => _kv.Log.TailAddress - _kv.Log.BeginAddress;

    /// <summary>Whether a checkpoint is alive, which needs the log from its begin.</summary>
    public bool IsPinned => _checkpoint is not null;

    public long KeyIndexBytes => _keys.MemoryBytes;

    /// <summary>Whether records can be prefetched into the processor's caches.</summary>
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
            throw new RaftKvStorageException(RaftKvStorageError.Io, $"A key of {key.Length} bytes or its value of "
                + $"{value.Length} bytes is outside this node's limits of {_maxKeyBytes} and {_maxValueBytes}: configure all nodes alike.");
        // The key is added to the key index last, so that a scan that finds the key there finds its record too.
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
        // Most of the time of a read is waiting for memory: the bucket is prefetched while the session is taken, the record while FASTER
        // enters its epoch.
        var place = PrefetchPlace(key);
        var slot = _readers.Take();
        try
        {
            // Only after the session was taken, which keeps the store from being disposed: this call reads the bucket.
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
        // A checkpoint makes FASTER flush all pages in memory now, so the disk needs room for them now.
        if (_room.WhyNoRoomFor(UnflushedBytes) is { } reason)
            return CopiedCheckpoint.TryMake(this) ?? throw new RaftKvStorageException(RaftKvStorageError.DiskFull, reason);
        _compactor.End();
        // Everything below the tail becomes read-only: later writes append, so the log below the tail does not change, in memory or on the
        // disk.
        var end = _kv.Log.TailAddress;
        _kv.Log.ShiftReadOnlyAddress(end, wait: false);
        // When few records are dead, a lookup for each record costs more than visiting the dead ones.
        return _checkpoint = new FasterCheckpoint(this, _kv, _device, _kv.Log.BeginAddress, end, _compactor.MayHaveDead ? version : 0);
    }

    /// <summary>Called when the checkpoint is disposed.</summary>
    internal void Unpin() => _checkpoint = null;

    /// <summary>
    /// Called after the applier stopped. Waits for the end of reads and of a visit of the checkpoint, about 20 seconds at most. When one
    /// does not end in that time, the memory of the records and their scratch files are kept until the process ends.
    /// </summary>
    public void Dispose()
    {
        // Reads in progress succeed, if the disk answers. If it does not, the device ends the requests that wait, and with them the reads.
        var isUnused = TryEndReads(ReadTimeout);
        _device.BeginStop();
        // A read that hangs in the disk, or in its caller's code, would access freed memory.
        if (!isUnused && !TryEndReads(StopTimeout))
            return;
        // The device is disposed first: FASTER frees its pages without waiting for their flush.
        _device.Dispose();
        if (!_device.HasStopped)
            return;
        _compactor.End();
        _writer.Dispose();
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

    /// <summary>
    /// Looks up a key, and passes its record to <paramref name="visit"/>. Not inlined: FASTER's code for a read is 7 KB, which is compiled
    /// once here instead of into each caller, where it would prevent the inlining of other calls.
    /// </summary>
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
                // A record that maintenance moved to the tail during the lookup may seem absent: look it up again.
                if (frame.Found || _kv.Log.BeginAddress == begin)
                    return frame.Found;
            }
        }
    }

    /// <summary>Refuses new reads and ends the checkpoint; <c>false</c> when a read is still in progress after the timeout.</summary>
    private bool TryEndReads(TimeSpan timeout) => (_checkpoint?.TryStop(timeout) ?? true) & _readers.TryClose(timeout);

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
