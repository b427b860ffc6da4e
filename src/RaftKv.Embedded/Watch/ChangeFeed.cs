using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Watch;

/// <summary>
/// Passes each change to the history and the read views of this node, and wakes the watches. Follows one state machine at a time, on the
/// apply thread.
/// </summary>
internal sealed class ChangeFeed : IKvChangeSink
{
    private IKvStore _store = null!;
    private long _expiredKeys;
    private long _revokedKeys;

    /// <param name="state">The state machine to follow.</param>
    /// <param name="historyBytes">How many bytes of changes the history holds for watches.</param>
    /// <param name="retainedBytes">How many bytes of overwritten records are kept for scans under way.</param>
    /// <param name="keepsPrevious">Whether the history has the previous value of each change.</param>
    /// <param name="schedule">Schedules a run of the router of watches; the default is the pool.</param>
    public ChangeFeed(IChangeSource state, long historyBytes, long retainedBytes, bool keepsPrevious = false,
        Action<IThreadPoolWorkItem>? schedule = null)
    {
        History = new ChangeHistory(historyBytes, state.Applied.Index, keepsPrevious);
        Views = new ReadViews(retainedBytes);
        Watches = new WatchRouter(History, schedule);
        Follow(state);
    }

    public ChangeHistory History { get; }

    public ReadViews Views { get; }

    public WatchRouter Watches { get; }

    /// <summary>Any thread. How many keys expired since the process started.</summary>
    public long ExpiredKeys => Volatile.Read(ref _expiredKeys);

    /// <summary>Any thread. How many keys were deleted with their lease since the process started.</summary>
    public long RevokedKeys => Volatile.Read(ref _revokedKeys);

    /// <summary>Apply thread, after a batch: everything up to <paramref name="index"/> is applied.</summary>
    public void Reach(long index)
    {
        History.Reach(index);
        Watches.Signal();
    }

    /// <summary>Apply thread: another state machine, restored at a later entry, replaces this one.</summary>
    public void Swap(IChangeSource old, IChangeSource restored)
    {
        old.Changes = null;
        Views.BreakAll();
        if (restored.Applied.Index > old.Applied.Index)
            History.Restart(restored.Applied.Index);
        Follow(restored);
        Watches.Signal();
    }

    public void Putting(ReadOnlySpan<byte> key, in RecordHeader before, in RecordHeader header, ReadOnlySpan<byte> value)
    {
        Views.Keep(_store, key, before, header.Version);
        using var previous = ReadPrevious(key, before);
        History.Putting(key, before, header, value, previous.Span);
    }

    public void Erasing(ReadOnlySpan<byte> key, in RecordHeader before, KvChangeKind kind, long index)
    {
        Views.Keep(_store, key, before, index);
        using var previous = ReadPrevious(key, before);
        History.Erasing(key, before, kind, index, previous.Span);
        // Only the apply thread writes these counters.
        if (kind == KvChangeKind.Expire)
            Volatile.Write(ref _expiredKeys, _expiredKeys + 1);
        else if (kind == KvChangeKind.Revoke)
            Volatile.Write(ref _revokedKeys, _revokedKeys + 1);
    }

    public void EntryEnded(long index) => History.EntryEnded(index);

    private RentedValue ReadPrevious(ReadOnlySpan<byte> key, in RecordHeader before) =>
        History.KeepsPrevious && before.Version != 0 ? RentedValue.Read(_store, key) : default;

    private void Follow(IChangeSource state)
    {
        _store = state.Store;
        state.Changes = this;
    }
}
