using RaftKv.Embedded.Node;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Testing;

/// <summary>What a test has ordered to go wrong. Thread-safe.</summary>
internal sealed class InMemoryFaults(RaftKvOptions options)
{
    private readonly Lock _gate = new();
    private readonly Queue<RaftKvUnavailableReason> _refusals = new();
    private readonly Queue<bool> _lostOutcomes = new();
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

    public void RefuseNext(RaftKvUnavailableReason reason, int calls)
    {
        lock (_gate)
        {
            for (var i = 0; i < calls; i++)
                _refusals.Enqueue(reason);
        }
    }

    public void LoseOutcomeOfNext(bool applied, int writes)
    {
        lock (_gate)
        {
            for (var i = 0; i < writes; i++)
                _lostOutcomes.Enqueue(applied);
        }
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

    /// <summary>Why a call is refused; <c>null</c> when it is not. Takes one of the refusals that were ordered.</summary>
    /// <param name="input">A read or a write.</param>
    /// <param name="isRenewal">Whether the call is the library's own: then only what lasts concerns it.</param>
    public RaftKvUnavailableException? RefusalOf(ReplicaInput input, bool isRenewal = false)
    {
        lock (_gate)
        {
            if (_lasting is { } lasting && Concerns(lasting, input))
                return InMemoryErrors.Of(lasting, options);
            if (!isRenewal && _refusals.TryPeek(out var next) && Concerns(next, input))
                return InMemoryErrors.Of(_refusals.Dequeue(), options);
            return null;
        }
    }

    /// <summary>Whether the caller of the next write is not told its outcome, and whether the write is applied.</summary>
    public bool TryLoseOutcome(out bool applied)
    {
        lock (_gate)
            return _lostOutcomes.TryDequeue(out applied);
    }

    private static bool Concerns(RaftKvUnavailableReason reason, ReplicaInput input) => reason switch
    {
        RaftKvUnavailableReason.NoSpace => input is WriteOperation write && KvCommand.AddsData(write.Command),
        RaftKvUnavailableReason.Overloaded or RaftKvUnavailableReason.FeatureNotActive => input is WriteOperation,
        RaftKvUnavailableReason.StaleRead => input is ReadBatch,
        _ => input is WriteOperation or ReadBatch,
    };
}
