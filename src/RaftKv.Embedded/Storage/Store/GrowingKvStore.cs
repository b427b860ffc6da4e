using System.Numerics;
using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Storage;

/// <summary>
/// A <see cref="FasterKvStore"/> that is replaced by one with larger pages when a record does not fit. A committed record must be applied
/// even if it exceeds this node's options, because the limits of the cluster may be larger.
/// </summary>
internal sealed class GrowingKvStore : IKvStore
{
    private const int KeysPerStep = 1000;

    private readonly Func<FasterKvStoreSettings, FasterKvStore> _create;
    private readonly List<(FasterKvStore Store, HeldCheckpoint Checkpoint)> _retired = [];
    private FasterKvStoreSettings _settings;
    private FasterKvStore _current;
    private HeldCheckpoint? _checkpoint;

    public GrowingKvStore(Func<FasterKvStoreSettings, FasterKvStore> create, FasterKvStoreSettings settings)
    {
        (_create, _settings) = (create, settings);
        _current = create(settings);
    }

    public long Count => Current.Count;

    public long KeyIndexBytes => Current.KeyIndexBytes;

    private FasterKvStore Current => Volatile.Read(ref _current);

    public long PrefetchPlace(ReadOnlySpan<byte> key) => _current.PrefetchPlace(key);

    public void PrefetchRecord(long place) => _current.PrefetchRecord(place);

    public bool TryGetHeader(ReadOnlySpan<byte> key, out RecordHeader header) => _current.TryGetHeader(key, out header);

    public void Put(ReadOnlySpan<byte> key, in RecordHeader header, ReadOnlySpan<byte> value, bool replaces = false)
    {
        if (key.Length > _settings.MaxKeyBytes || value.Length > _settings.MaxValueBytes)
            Grow(key.Length, value.Length);
        _current.Put(key, header, value, replaces);
    }

    public bool Remove(ReadOnlySpan<byte> key) => _current.Remove(key);

    public bool Visit(ReadOnlySpan<byte> key, RecordVisit visit)
    {
        while (true)
        {
            var current = Current;
            try
            {
                return current.Visit(key, visit);
            }
            catch (ObjectDisposedException) when (Current != current)
            {
                // The store was replaced after it was read from the field: the visit is repeated in the new one.
            }
        }
    }

    public int CopyKeys(ReadOnlySpan<byte> from, bool after, ReadOnlySpan<byte> to, int max, List<byte[]> keys) =>
        Current.CopyKeys(from, after, to, max, keys);

    public int CopyKeysDescending(ReadOnlySpan<byte> from, ReadOnlySpan<byte> before, int max, List<byte[]> keys) =>
        Current.CopyKeysDescending(from, before, max, keys);

    public IStoreCheckpoint Checkpoint(long version) => _checkpoint = new HeldCheckpoint(_current.Checkpoint(version));

    public void MaintainSpace()
    {
        ReleaseRetired();
        _current.MaintainSpace();
    }

    public void ReclaimSpace()
    {
        ReleaseRetired();
        _current.ReclaimSpace();
    }

    public bool HasRoomFor(int bytes) => _current.HasRoomFor(bytes);

    public long UnflushedBytes => Current.UnflushedBytes;

    public long DataBytes => Current.DataBytes;

    public void Loaded(long records) => _current.Loaded(records);

    public void Dispose()
    {
        foreach (var (store, _) in _retired)
            store.Dispose();
        _retired.Clear();
        _current.Dispose();
    }

    /// <summary>
    /// Copies all records into a store with larger pages, which takes that long; readers continue meanwhile. Applier thread only.
    /// </summary>
    private void Grow(int keyBytes, int valueBytes)
    {
        var settings = _settings with
        {
            MaxKeyBytes = Math.Max(_settings.MaxKeyBytes, PowerOfTwoFrom(keyBytes)),
            MaxValueBytes = Math.Max(_settings.MaxValueBytes, PowerOfTwoFrom(valueBytes)),
        };
        var (old, larger) = (_current, _create(settings with { ExpectedKeys = Math.Max(settings.ExpectedKeys, _current.Count) }));
        try
        {
            Copy(old, larger);
        }
        catch
        {
            larger.Dispose();
            throw;
        }
        _settings = settings;
        Volatile.Write(ref _current, larger);
        // A snapshot that is being written still reads the records of the old store.
        if (_checkpoint is { IsOver: false } checkpoint)
            _retired.Add((old, checkpoint));
        else
            old.Dispose();
    }

    private static void Copy(FasterKvStore from, FasterKvStore to)
    {
        var keys = new List<byte[]>(KeysPerStep);
        for (byte[] last = []; from.CopyKeys(last, after: last.Length > 0, [], KeysPerStep, keys) > 0; last = keys[^1], keys.Clear())
        {
            foreach (var key in keys)
            {
                if (from.TryRead(key, 0, static (in RecordHeader header, ReadOnlySpan<byte> value, int _) => (header, value.ToArray()),
                    out var record))
                    to.Put(key, record.header, record.Item2);
            }
            to.MaintainSpace();
        }
    }

    private void ReleaseRetired()
    {
        for (var i = _retired.Count - 1; i >= 0; i--)
        {
            if (!_retired[i].Checkpoint.IsOver)
                continue;
            _retired[i].Store.Dispose();
            _retired.RemoveAt(i);
        }
    }

    private static int PowerOfTwoFrom(int bytes) => (int)BitOperations.RoundUpToPowerOf2((uint)bytes);

    /// <summary>A checkpoint that knows whether it was disposed, because the snapshot that reads it is finished.</summary>
    private sealed class HeldCheckpoint(IStoreCheckpoint checkpoint) : IStoreCheckpoint
    {
        private volatile bool _isOver;

        public bool IsOver => _isOver;

        public void Visit(CheckpointVisitor visit, CancellationToken cancellationToken) => checkpoint.Visit(visit, cancellationToken);

        public void Dispose()
        {
            checkpoint.Dispose();
            _isOver = true;
        }
    }
}
