using RaftKv.Embedded.Node;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Testing;

/// <summary>The failures that a test has ordered. Thread-safe.</summary>
internal sealed class InMemoryFaults(RaftKvOptions options)
{
    private readonly Lock _gate = new();
    private readonly List<(RaftKvUnavailableReason Reason, Predicate<string>? Key)> _refusals = [];
    private readonly List<(bool Applied, Predicate<string>? Key)> _lostOutcomes = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private RaftKvUnavailableReason? _lasting;
    private long _delay;

    /// <summary>How long each call takes before it reaches the replica.</summary>
    public TimeSpan Delay
    {
        get => TimeSpan.FromTicks(Volatile.Read(ref _delay));
        set => Volatile.Write(ref _delay, value.Ticks);
    }

    /// <summary>Why calls are refused until further notice; <c>null</c> when they are not.</summary>
    public RaftKvUnavailableReason? Lasting
    {
        get
        {
            lock (_gate)
                return _lasting;
        }
    }

    /// <summary>Completes with the next change of <see cref="Lasting"/>.</summary>
    public Task Changed
    {
        get
        {
            lock (_gate)
                return _changed.Task;
        }
    }

    public void Set(RaftKvUnavailableReason? lasting)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            _lasting = lasting;
            (changed, _changed) = (_changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }
        changed.SetResult();
    }

    /// <param name="reason">Why the calls are refused.</param>
    /// <param name="calls">How many.</param>
    /// <param name="key">Only writes of keys for which it returns <c>true</c>; <c>null</c> for every call.</param>
    public void RefuseNext(RaftKvUnavailableReason reason, int calls, Predicate<string>? key = null)
    {
        lock (_gate)
            _refusals.AddRange(Enumerable.Repeat((reason, key), calls));
    }

    /// <param name="applied">Whether the writes are carried out.</param>
    /// <param name="writes">How many.</param>
    /// <param name="key">Only writes of keys for which it returns <c>true</c>; <c>null</c> for every write.</param>
    public void LoseOutcomeOfNext(bool applied, int writes, Predicate<string>? key = null)
    {
        lock (_gate)
            _lostOutcomes.AddRange(Enumerable.Repeat((applied, key), writes));
    }

    public void Clear()
    {
        Set(null);
        Delay = TimeSpan.Zero;
        lock (_gate)
        {
            _refusals.Clear();
            _lostOutcomes.Clear();
        }
    }

    /// <summary>
    /// The error of a call that is refused; <c>null</c> when it is not refused. Uses up one of the refusals that were ordered.
    /// </summary>
    /// <param name="input">A read or a write.</param>
    /// <param name="isRenewal">Whether the call is a renewal by the library itself: only a lasting failure refuses it.</param>
    public RaftKvUnavailableException? RefusalOf(ReplicaInput input, bool isRenewal = false)
    {
        lock (_gate)
        {
            if (_lasting is { } lasting && Concerns(lasting, input))
                return InMemoryErrors.Of(lasting, options);
            if (isRenewal)
                return null;
            var at = _refusals.FindIndex(r => Concerns(r.Reason, input) && Concerns(r.Key, input));
            if (at < 0)
                return null;
            var reason = _refusals[at].Reason;
            _refusals.RemoveAt(at);
            return InMemoryErrors.Of(reason, options);
        }
    }

    /// <summary>
    /// Whether the caller of a write is not told its outcome, and whether the write is applied. Uses up one of the failures that were
    /// ordered.
    /// </summary>
    public bool TryLoseOutcome(WriteOperation write, out bool applied)
    {
        lock (_gate)
        {
            var at = _lostOutcomes.FindIndex(o => Concerns(o.Key, write));
            applied = at >= 0 && _lostOutcomes[at].Applied;
            if (at >= 0)
                _lostOutcomes.RemoveAt(at);
            return at >= 0;
        }
    }

    /// <summary>Whether a reason concerns writes.</summary>
    public static bool ConcernsWrites(RaftKvUnavailableReason reason) => reason != RaftKvUnavailableReason.StaleRead;

    private static bool Concerns(Predicate<string>? key, ReplicaInput input) =>
        key is null || (input is WriteOperation write && WrittenKeys.Of(write.Command).Any(k => key(k)));

    private static bool Concerns(RaftKvUnavailableReason reason, ReplicaInput input) => reason switch
    {
        RaftKvUnavailableReason.NoSpace => input is WriteOperation write && KvCommand.AddsData(write.Command),
        RaftKvUnavailableReason.Overloaded or RaftKvUnavailableReason.FeatureNotActive => input is WriteOperation,
        RaftKvUnavailableReason.StaleRead => input is ReadBatch,
        _ => input is WriteOperation or ReadBatch,
    };
}
