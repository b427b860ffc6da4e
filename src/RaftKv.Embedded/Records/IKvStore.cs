namespace RaftKv.Embedded.Records;

/// <summary>
/// The store of the records. One thread at a time writes (the applier); any thread reads at the same time. The store is not durable: the
/// log and the snapshots are, and a store starts empty.
/// </summary>
internal interface IKvStore : IDisposable
{
    long Count { get; }

    /// <summary>Memory of the ordered index of the keys, in bytes; 0 when the store has no separate index.</summary>
    long KeyIndexBytes => 0;

    /// <summary>
    /// Applier only: begins to load the index entry of a key that will be read soon into the processor's caches, and returns the place of
    /// the record for <see cref="PrefetchRecord"/>. The state machine calls it for the next entries to apply.
    /// </summary>
    long PrefetchPlace(ReadOnlySpan<byte> key) => 0;

    /// <summary>Applier only. Begins to load a record into the processor's caches.</summary>
    void PrefetchRecord(long place) { }

    /// <summary>Applier only.</summary>
    bool TryGetHeader(ReadOnlySpan<byte> key, out RecordHeader header);

    /// <summary>Applier only.</summary>
    /// <param name="key">The key.</param>
    /// <param name="header">The header of the record.</param>
    /// <param name="value">The value.</param>
    /// <param name="replaces">
    /// The caller has just read a record of this key, so the key is in the ordered index already and is not looked up there.
    /// </param>
    void Put(ReadOnlySpan<byte> key, in RecordHeader header, ReadOnlySpan<byte> value, bool replaces = false);

    /// <summary>Applier only.</summary>
    bool Remove(ReadOnlySpan<byte> key);

    /// <summary>
    /// Any thread. Calls the visitor with the record of a key, if there is one; never with a partial write. Most callers use
    /// <see cref="KvStoreReads"/>.
    /// </summary>
    bool Visit(ReadOnlySpan<byte> key, RecordVisit visit);

    /// <summary>
    /// Any thread. Copies up to <paramref name="max"/> keys in ordinal order, from <paramref name="from"/> (included, or excluded when
    /// <paramref name="after"/>) to <paramref name="to"/> (excluded; empty is no end). Returns how many.
    /// </summary>
    int CopyKeys(ReadOnlySpan<byte> from, bool after, ReadOnlySpan<byte> to, int max, List<byte[]> keys);

    /// <summary>
    /// Any thread. Copies up to <paramref name="max"/> keys in descending ordinal order, from the last before <paramref name="before"/>
    /// (empty is the end of all keys) down to <paramref name="from"/> (included). Returns how many.
    /// </summary>
    int CopyKeysDescending(ReadOnlySpan<byte> from, ReadOnlySpan<byte> before, int max, List<byte[]> keys)
    {
        // For simple stores in memory: copies all keys of the range.
        var all = new List<byte[]>();
        var copied = Math.Min(max, CopyKeys(from, after: false, before, int.MaxValue, all));
        for (var i = 1; i <= copied; i++)
            keys.Add(all[^i]);
        return copied;
    }

    /// <summary>Applier only, takes a few ms at most: a checkpoint of the records as they are now.</summary>
    /// <param name="version">The newest version that a record may have now.</param>
    IStoreCheckpoint Checkpoint(long version);

    /// <summary>
    /// Applier only, between batches: frees a bounded share of the space of overwritten and deleted records. Cheap when there are none.
    /// </summary>
    void MaintainSpace() { }

    /// <summary>
    /// Applier only, while the disk has little room: makes <see cref="MaintainSpace"/> free dead records also when they are few, or in
    /// memory only.
    /// </summary>
    void ReclaimSpace() { }

    /// <summary>Applier only. Whether a change of this size can be made now; otherwise it must wait for room on the disk.</summary>
    bool HasRoomFor(int bytes) => true;

    /// <summary>Any thread. The approximate bytes of records in memory that a checkpoint would have to write.</summary>
    long UnflushedBytes => 0;

    /// <summary>Any thread. The bytes of the records, dead ones included: the approximate upper bound of the size of a snapshot.</summary>
    long DataBytes => long.MaxValue / 4;

    /// <summary>
    /// A snapshot was loaded into the empty store; <paramref name="records"/> counts its records and deletions, also repeated ones of a
    /// key.
    /// </summary>
    void Loaded(long records) { }
}
