using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Watch;

/// <summary>Everything on a node that hears of changes. The apply thread follows one state machine at a time with it.</summary>
internal sealed class ChangeFeed : IKvChangeSink
{
    private IKvStore _store = null!;

    /// <param name="historyBytes">How much of the past watches can go back to.</param>
    /// <param name="retainedBytes">How much is kept of what scans under way still have to see.</param>
    /// <param name="schedule">Runs the router of watches soon; the default is the pool.</param>
    public ChangeFeed(KvStateMachine state, long historyBytes, long retainedBytes, Action<IThreadPoolWorkItem>? schedule = null)
    {
        History = new ChangeHistory(historyBytes, state.Applied.Index);
        Pins = new VersionPins(retainedBytes);
        Watches = new WatchRouter(History, schedule);
        Follow(state);
    }

    public ChangeHistory History { get; }

    public VersionPins Pins { get; }

    public WatchRouter Watches { get; }

    /// <summary>Apply thread, after a batch: everything up to <paramref name="index"/> is applied.</summary>
    public void Reach(long index)
    {
        History.Reach(index);
        Watches.Signal();
    }

    /// <summary>Apply thread: the state goes on in another state machine, restored at a later entry.</summary>
    public void Swap(KvStateMachine old, KvStateMachine restored)
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
        History.Putting(key, before, header, value);
    }

    public void Erasing(ReadOnlySpan<byte> key, in RecordHeader before, KvChangeKind kind, long index)
    {
        Pins.Keep(_store, key, before, index);
        History.Erasing(key, before, kind, index);
    }

    public void EntryEnded(long index) => History.EntryEnded(index);

    private void Follow(KvStateMachine state)
    {
        _store = state.Store;
        state.Changes = this;
    }
}
