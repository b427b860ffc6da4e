namespace RaftKv.Embedded.Records;

/// <summary>
/// Where records live. One thread at a time writes (the applier); any thread reads beside it. Nothing here is durable: the log and the
/// snapshots are the truth, and a store starts empty.
/// </summary>
internal interface IKvStore : IDisposable
{
    long Count { get; }

    /// <summary>What the ordered index of the keys takes in memory; 0 when there is none of its own.</summary>
    long KeyIndexBytes => 0;

    /// <summary>
    /// Applier only: the key will be asked for soon. Begins to bring from memory what tells its place, which is then for <see
    /// cref="PrefetchRecord"/>; as the state machine does for the entries that come next.
    /// </summary>
    long PrefetchPlace(ReadOnlySpan<byte> key) => 0;

    /// <summary>Applier only. Begins to bring the record from memory.</summary>
    void PrefetchRecord(long place) { }

    /// <summary>Applier only.</summary>
    bool TryGetHeader(ReadOnlySpan<byte> key, out RecordHeader header);

    /// <summary>Applier only.</summary>
    /// <param name="key">The key.</param>
    /// <param name="header">What stands beside the value.</param>
    /// <param name="value">The value.</param>
    /// <param name="replaces">The caller has just seen a record of this key: it is in the order of the keys already, and is not looked for
    /// there.</param>
    void Put(ReadOnlySpan<byte> key, in RecordHeader header, ReadOnlySpan<byte> value, bool replaces = false);

    /// <summary>Applier only.</summary>
    bool Remove(ReadOnlySpan<byte> key);

    /// <summary>Any thread. Shows a key's record to the visit, if there is one; never half a write. <see cref="KvStoreReads"/> is how to
    /// read most of the time.</summary>
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
        // For stores in memory that have no other way: all keys of the range.
        var all = new List<byte[]>();
        var copied = Math.Min(max, CopyKeys(from, after: false, before, int.MaxValue, all));
        for (var i = 1; i <= copied; i++)
            keys.Add(all[^i]);
        return copied;
    }

    /// <summary>Applier only, a few ms at most: pins the records as they are now.</summary>
    /// <param name="version">The newest that a record may have now.</param>
    IStoreCheckpoint Checkpoint(long version);

    /// <summary>Applier only, between batches: gives back a bounded share of the space that overwritten and deleted records take. Cheap
    /// when there is none.</summary>
    void MaintainSpace() { }

    /// <summary>
    /// Applier only, while the disk has little room: lets <see cref="MaintainSpace"/> give back dead records also when they are few, or in
    /// memory only.
    /// </summary>
    void ReclaimSpace() { }

    /// <summary>Applier only. Whether a change of so many bytes can be made now; otherwise it must wait for room on the disk.</summary>
    bool HasRoomFor(int bytes) => true;

    /// <summary>Any thread. What a checkpoint would have to write of records that are in memory only, about.</summary>
    long UnflushedBytes => 0;

    /// <summary>Any thread. What the records take, dead ones included: a snapshot has no more, about.</summary>
    long DataBytes => long.MaxValue / 4;

    /// <summary>A snapshot was put into the empty store, which had so many records and deletions for the keys there are now.</summary>
    void Loaded(long records) { }
}
