using RaftKv.Embedded.Records;

namespace RaftKv.Embedded.Watch;

/// <summary>Everything on a node that hears of changes. The apply thread follows one state machine at a time with it.</summary>
internal sealed class ChangeFeed : IKvChangeSink
{
    private IKvStore _store = null!;
    private long _expiredKeys;
    private long _revokedKeys;

    /// <param name="state">Is followed.</param>
    /// <param name="historyBytes">How much of the past watches can go back to.</param>
    /// <param name="retainedBytes">How much is kept of what scans under way still have to see.</param>
    /// <param name="keepsPrevious">Whether the history has what keys held before each change.</param>
    /// <param name="schedule">Runs the router of watches soon; the default is the pool.</param>
    public ChangeFeed(IChangeSource state, long historyBytes, long retainedBytes, bool keepsPrevious = false,
        Action<IThreadPoolWorkItem>? schedule = null)
    {
        History = new ChangeHistory(historyBytes, state.Applied.Index, keepsPrevious);
        Pins = new ReadViews(retainedBytes);
        Watches = new WatchRouter(History, schedule);
        Follow(state);
    }

    public ChangeHistory History { get; }

    public ReadViews Pins { get; }

    public WatchRouter Watches { get; }

    /// <summary>Any thread. Keys that went because their time to live was over, since the process started.</summary>
    public long ExpiredKeys => Volatile.Read(ref _expiredKeys);

    /// <summary>Any thread. Keys that went with their lease, since the process started.</summary>
    public long RevokedKeys => Volatile.Read(ref _revokedKeys);

    /// <summary>Apply thread, after a batch: everything up to <paramref name="index"/> is applied.</summary>
    public void Reach(long index)
    {
        History.Reach(index);
        Watches.Signal();
    }

    /// <summary>Apply thread: the state goes on in another state machine, restored at a later entry.</summary>
    public void Swap(IChangeSource old, IChangeSource restored)
    {
        old.Changes = null;
        Pins.BreakAll();
        if (restored.Applied.Index > old.Applied.Index)
            History.Restart(restored.Applied.Index);
        Follow(restored);
        Watches.Signal();
    }

    public void Putting(ReadOnlySpan<byte> key, in RecordHeader before, in RecordHeader header, ReadOnlySpan<byte> value)
    {
        Pins.Keep(_store, key, before, header.Version);
        using var previous = ReadPrevious(key, before);
        History.Putting(key, before, header, value, previous.Span);
    }

    public void Erasing(ReadOnlySpan<byte> key, in RecordHeader before, KvChangeKind kind, long index)
    {
        Pins.Keep(_store, key, before, index);
        using var previous = ReadPrevious(key, before);
        History.Erasing(key, before, kind, index, previous.Span);
        // One thread writes.
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
