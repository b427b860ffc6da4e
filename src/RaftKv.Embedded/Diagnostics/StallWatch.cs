using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Diagnostics;

/// <summary>
/// Detects stalls of the node, and their cause. Its thread sleeps for short, known times: when it wakes late, all threads of the process
/// were probably late. Pauses of the garbage collector are reported by the runtime.
/// </summary>
internal sealed class StallWatch
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan PoolEvery = TimeSpan.FromSeconds(1);

    /// <summary>A long batch of entries is no stall; a single entry that takes this long is.</summary>
    private static readonly TimeSpan ApplyThreshold = TimeSpan.FromSeconds(1);

    private readonly StallLog _stalls;
    private readonly ReplicaClock _clock;
    private readonly TimeSpan _threshold;
    private readonly TimeSpan _electionThreshold;
    private readonly StallSources _sources;
    private TimeSpan _gcPaused = GC.GetTotalPauseDuration();
    private long _poolAsked;
    private long _poolAnswered = 1;
    private bool _poolReported;
    private long _applied = -1;

    /// <summary>How long nothing had been heard from the leader at the last check; zero while it is heard.</summary>
    private TimeSpan _silence;
    private bool _isWithoutLeader;
    private long _appliedSince;

    public StallWatch(StallLog stalls, ReplicaClock clock, TimeSpan electionTimeout, StallSources sources)
    {
        (_stalls, _clock, _sources) = (stalls, clock, sources);
        // Half of the time after which an election begins, but never so little that every busy machine exceeds it.
        _threshold = TimeSpan.FromMilliseconds(Math.Max(100, electionTimeout.TotalMilliseconds / 2));
        // By then an election is over, even if a split vote repeated it.
        _electionThreshold = TimeSpan.FromMilliseconds(Math.Max(2_000, 4 * electionTimeout.TotalMilliseconds));
    }

    /// <summary>The body of the thread.</summary>
    public void Run(CancellationToken ended)
    {
        var last = _clock.Ticks;
        while (!ended.WaitHandle.WaitOne(Tick))
        {
            var now = _clock.Ticks;
            var late = TimeSpan.FromTicks(now - last) - Tick;
            last = now;
            if (!WasLate(late))
                Check(now);
            LookAtPool(now);
            _stalls.Summarize();
        }
    }

    /// <summary>Log thread, after each sync.</summary>
    public void Synced(TimeSpan duration)
    {
        if (duration >= _threshold)
            _stalls.Add(RaftKvStallCause.Fsync, duration, "a sync of the log");
    }

    private bool WasLate(TimeSpan late)
    {
        var paused = GC.GetTotalPauseDuration();
        var collected = paused - _gcPaused;
        _gcPaused = paused;
        if (late < _threshold)
            return false;
        if (collected >= late / 2)
            _stalls.Add(RaftKvStallCause.Gc, late, $"the garbage collector paused for {collected.TotalMilliseconds:N0} ms");
        else
            _stalls.Add(RaftKvStallCause.Process, late, "no thread of this process ran");
        return true;
    }

    /// <summary>Checks everything that may hang: log, applier, leader.</summary>
    internal void Check(long now)
    {
        Tell(RaftKvStallCause.Fsync, _sources.LogBusyFor(), _threshold, "a write or sync of the log");
        LookAtApplier(now);
        if (_sources.WithoutLeader() is { } without)
            LookWithoutLeader(without);
        else
            LookAtLeader();
    }

    private void LookAtLeader()
    {
        if (_isWithoutLeader)
            _stalls.IsOver(RaftKvStallCause.Network);
        _isWithoutLeader = false;
        _silence = _sources.LeaderSilence() is { } silence && silence >= _threshold ? silence : TimeSpan.Zero;
        Tell(RaftKvStallCause.Network, _silence, _threshold, $"nothing was heard of the leader, {_sources.LeaderId()}");
    }

    /// <summary>The silence of a leader that is not known any more goes on as the same stall.</summary>
    private void LookWithoutLeader(TimeSpan without)
    {
        _isWithoutLeader = true;
        var lasts = without >= _electionThreshold;
        if (lasts || _silence > TimeSpan.Zero)
            _stalls.GoesOnWithoutLeader(without + _silence, WhoIsSilent(_sources.SilentVoters(), lasts), lasts);
        else
            _stalls.IsOver(RaftKvStallCause.Network);
    }

    /// <param name="silent">The voters from which nothing was heard for as long as elections take.</param>
    /// <param name="lasts">Whether there has been no leader for that long: those that are not silent have answered then.</param>
    private static string WhoIsSilent(IReadOnlyList<string> silent, bool lasts) => silent.Count switch
    {
        0 when lasts => "the other voters answer, and no election was won yet",
        0 => "no election was won yet",
        1 => $"{silent[0]} does not answer",
        _ => $"{string.Join(", ", silent.Take(silent.Count - 1))} and {silent[^1]} do not answer",
    };

    private void LookAtApplier(long now)
    {
        var applied = _sources.AppliedIndex();
        if (applied != _applied)
            (_applied, _appliedSince) = (applied, now);
        var stuck = _sources.ApplierBusyFor();
        if (stuck > TimeSpan.FromTicks(now - _appliedSince))
            stuck = TimeSpan.FromTicks(now - _appliedSince);
        Tell(RaftKvStallCause.Apply, stuck, ApplyThreshold, $"entry {applied + 1} is not applied");
    }

    private void Tell(RaftKvStallCause cause, TimeSpan? duration, TimeSpan threshold, string detail)
    {
        if (duration >= threshold)
            _stalls.GoesOn(cause, duration.Value, detail);
        else
            _stalls.IsOver(cause);
    }

    /// <summary>
    /// Queues one work item at a time to the thread pool. An item that does not run in time is reported once, while it waits.
    /// </summary>
    private void LookAtPool(long now)
    {
        var asked = _poolAsked;
        if (Volatile.Read(ref _poolAnswered) >= asked)
        {
            if (now - asked < PoolEvery.Ticks)
                return;
            _poolReported = false;
            _poolAsked = now;
            ThreadPool.UnsafeQueueUserWorkItem(static watch => Volatile.Write(ref watch._poolAnswered, watch._clock.Ticks), this,
                preferLocal: false);
        }
        else if (!_poolReported && now - asked >= _threshold.Ticks)
        {
            _poolReported = true;
            _stalls.Add(RaftKvStallCause.ThreadPool, TimeSpan.FromTicks(now - asked),
                $"{ThreadPool.PendingWorkItemCount} items wait for {ThreadPool.ThreadCount} threads");
        }
    }
}
