using System.Runtime.InteropServices;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Records;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Storage;
using RaftKv.Embedded.Watch;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Applies committed entries in order, on one thread at a time: its own, unless they are few. It tells the caller of a write of this
/// process the outcome. The write is found by its session and sequence, so it does not matter which leader brought it into the log.
/// </summary>
internal sealed class Applier : BatchWorker<ApplierTask>
{
    /// <summary>How much of the log is read from disk at a time when it is not in memory any more.</summary>
    private const int ReadBytes = 4 * 1024 * 1024;

    /// <summary>Up to so many entries are applied at once, on the thread that learned that they are committed.</summary>
    private const int FewEntries = 8;

    /// <summary>The store prefetches the records of so many entries at a time.</summary>
    private const int EntriesAhead = 32;

    private readonly Wal _wal;
    private readonly WriteAnswers _answers;
    private readonly List<LogEntry> _read = [];

    /// <summary>Tasks that wait because the disk has no room for the store's cold records.</summary>
    private readonly List<ApplierTask> _postponed = [];
    private volatile bool _waitsForRoom;
    private KvStateMachine _state;
    private long _applied;
    private long _waiting;
    private long _nextDue;

    /// <param name="changes">Follows <paramref name="state"/> already.</param>
    public Applier(Wal wal, WriteAnswers answers, KvStateMachine state, ChangeFeed changes)
    {
        Changes = changes;
        _wal = wal;
        _answers = answers;
        _state = state;
        _applied = state.Applied.Index;
        _nextDue = state.NextDueMs;
    }

    /// <summary>Tells callers of this process the outcome of their writes.</summary>
    public WriteAnswers Answers => _answers;

    /// <summary>The state readers may look at, from any thread.</summary>
    public KvStateMachine State => Volatile.Read(ref _state);

    /// <summary>The last index that is visible to readers.</summary>
    public long AppliedIndex => Volatile.Read(ref _applied);

    /// <summary>The log time at which the next key or lease is due; <see cref="long.MaxValue"/> when none is.</summary>
    public long NextDueMs => Volatile.Read(ref _nextDue);

    /// <summary>Any thread. The number of leases that have not ended.</summary>
    public int LeaseCount => State.Leases.Count;

    /// <summary>Any thread. Whether committed entries wait for room on the disk.</summary>
    public bool WaitsForRoom => _waitsForRoom;

    protected override bool HasUnfinished => _waitsForRoom;

    /// <summary>For the entries of an <see cref="ApplyRange"/>, which are returned to it when they are applied.</summary>
    public EntryLists Lists { get; } = new();

    /// <summary>Receives every change.</summary>
    public ChangeFeed Changes { get; }

    public AppliedWaiters Waiters { get; } = new();

    /// <summary>Fingerprints of the state at certain entries.</summary>
    public IntegritySamples Samples { get; } = new();

    /// <summary>This process's session in the state machine; 0 while there is none.</summary>
    public long Session => _answers.Session;

    /// <summary>Called before entries are applied, with the last of them.</summary>
    public Action<EntryId>? Applying { get; init; }

    /// <param name="task">The task.</param>
    /// <param name="wake">
    /// Whether the applier's thread is woken. If not, the caller must call <see cref="BatchWorker{T}.Wake"/> or <see cref="RunOrWake"/>.
    /// </param>
    public void Submit(ApplierTask task, bool wake = true)
    {
        Interlocked.Add(ref _waiting, task.Weight);
        Post(task, wake);
    }

    /// <summary>
    /// For a thread of the replica that may be busy for a moment: applies the waiting entries if they are few and no other thread works;
    /// leaves them to the applier's thread otherwise.
    /// </summary>
    public void RunOrWake()
    {
        if (Volatile.Read(ref _waiting) is > 0 and <= FewEntries)
            RunIfFree();
        Wake();
    }

    /// <summary>When the applier stops, the waiting tasks are refused.</summary>
    protected override void Work(List<ApplierTask> batch)
    {
        var tasks = batch;
        if (_postponed.Count > 0)
        {
            ForgetAbandoned();
            _postponed.AddRange(batch);
            tasks = _postponed;
        }
        var done = Perform(tasks);
        if (tasks == _postponed)
            _postponed.RemoveRange(0, done);
        else if (done < batch.Count)
            _postponed.AddRange(batch[done..]);
        _waitsForRoom = _postponed.Count > 0;
    }

    /// <summary>Returns how many tasks are done: the next one waits for room on the disk.</summary>
    private int Perform(List<ApplierTask> tasks)
    {
        for (var i = 0; i < tasks.Count; i++)
        {
            var task = tasks[i];
            // A ReplaceState is performed even then: it disposes of the new state, which is not used any more.
            if (IsStopping && task is not ReplaceState)
            {
                if (task is SwapState unused)
                    unused.Restored.Store.Dispose();
                Refuse(task);
                continue;
            }
            switch (task)
            {
                case ApplyRange range:
                    if (!ApplyAll(range))
                        return i;
                    break;
                case CaptureState capture: Capture(capture); break;
                case SwapState swap: Swap(swap); break;
                case ReplaceState replace:
                    if (!TryReplace(replace))
                        return i;
                    break;
                case BetweenEntries between: between.Run(_state); break;
            }
            Interlocked.Add(ref _waiting, -task.Weight);
        }
        return tasks.Count;
    }

    /// <summary>While the disk has no room, for hours perhaps, only what someone waits for is kept.</summary>
    private void ForgetAbandoned()
    {
        _postponed.RemoveAll(task =>
        {
            if (task is not BetweenEntries { IsAbandoned: true })
                return false;
            Interlocked.Add(ref _waiting, -task.Weight);
            return true;
        });
    }

    protected override void RefuseUnfinished()
    {
        _postponed.ForEach(Refuse);
        _postponed.Clear();
        _waitsForRoom = false;
    }

    protected override void Refuse(ApplierTask task)
    {
        if (task is BetweenEntries between)
            between.Refused();
    }

    /// <summary>
    /// Applies the entries of the range that are not applied yet; <c>false</c> when the disk has no room for the store's cold records.
    /// </summary>
    private bool ApplyAll(ApplyRange range)
    {
        _answers.CommittedAt = range.CommittedAt;
        var hasRoom = range.Entries is { } entries ? Apply(entries) : ApplyFromLog(range);
        if (hasRoom && range.Entries is { } applied)
            Lists.Return(applied);
        _state.Store.MaintainSpace();
        return hasRoom;
    }

    private bool ApplyFromLog(ApplyRange range)
    {
        var next = Math.Max(range.From, AppliedIndex + 1);
        while (next <= range.To && !IsStopping)
        {
            _read.Clear();
            var count = _wal.Read(next, range.To, ReadBytes, _read);
            Invariant.Holds(count > 0, "a committed entry is in the log until it is applied");
            if (!Apply(_read))
                return false;
            next += count;
        }
        return true;
    }

    private bool Apply(List<LogEntry> entries)
    {
        var session = Session;
        var all = CollectionsMarshal.AsSpan(entries);
        // Some may be applied already, if there was no room for the others.
        all = all[(int)Math.Clamp(AppliedIndex + 1 - all[0].Index, 0, all.Length)..];
        if (all.Length > 0)
            Applying?.Invoke(all[^1].Id);
        var hasRoom = true;
        for (var i = 0; i < all.Length; i++)
        {
            if (i % EntriesAhead == 0)
                _state.Prefetch(all.Slice(i, Math.Min(EntriesAhead, all.Length - i)));
            ref readonly var entry = ref all[i];
            if (!_state.Store.HasRoomFor(entry.Payload.Length))
            {
                hasRoom = false;
                break;
            }
            var result = _state.Apply(entry);
            if (IntegritySamples.IsDue(entry.Index, all.Length - 1 - i))
                Samples.Add(entry.Index, _state.Fingerprint);
            Volatile.Write(ref _applied, entry.Index);
            _answers.Tell(entry.Index, session, result);
        }
        Volatile.Write(ref _nextDue, _state.NextDueMs);
        Changes.Reach(AppliedIndex);
        Waiters.Reach(AppliedIndex);
        return hasRoom;
    }

    private void Swap(SwapState swap)
    {
        var old = _state;
        Invariant.Holds(swap.Restored.Applied.Index >= old.Applied.Index, "a snapshot never takes the state back in time");
        Samples.Clear();
        Changes.Swap(old, swap.Restored);
        Volatile.Write(ref _state, swap.Restored);
        Volatile.Write(ref _applied, swap.Restored.Applied.Index);
        Volatile.Write(ref _nextDue, swap.Restored.NextDueMs);
        Waiters.Reach(AppliedIndex);
        swap.Swapped();
        old.Store.Dispose();
    }

    /// <summary>When the disk has no room, no data has been pinned and the log is kept, so the applier goes on.</summary>
    private void Capture(CaptureState capture)
    {
        KvSnapshot snapshot;
        try
        {
            snapshot = _state.CaptureSnapshot();
        }
        catch (RaftKvStorageException e) when (e.Error == RaftKvStorageError.DiskFull)
        {
            capture.Refused(e);
            return;
        }
        capture.Captured(snapshot);
    }

    /// <summary>
    /// Applies the log to the new state and puts it into use; <c>false</c> when the disk has no room for the cold records of its store.
    /// </summary>
    private bool TryReplace(ReplaceState replace)
    {
        var (old, restored) = (_state, replace.Restored);
        Invariant.Holds(restored.Applied.Index <= AppliedIndex, "a state is replaced once this node is as far as the new one");
        Samples.Clear();
        while (restored.Applied.Index < AppliedIndex && !IsStopping)
        {
            _read.Clear();
            Invariant.Holds(_wal.Read(restored.Applied.Index + 1, AppliedIndex, ReadBytes, _read) > 0,
                "the log is kept while a state is replaced");
            foreach (var entry in _read)
            {
                if (!restored.Store.HasRoomFor(entry.Payload.Length))
                    return false;
                restored.Apply(entry);
                if (IntegritySamples.IsDue(entry.Index, left: 0))
                    Samples.Add(entry.Index, restored.Fingerprint);
            }
            restored.Store.MaintainSpace();
        }
        if (IsStopping)
        {
            restored.Store.Dispose();
            return true;
        }
        Changes.Swap(old, restored);
        Changes.History.Restart(AppliedIndex);
        Changes.Watches.Compact(AppliedIndex + 1);
        Volatile.Write(ref _state, restored);
        replace.Replaced();
        old.Store.Dispose();
        return true;
    }
}
