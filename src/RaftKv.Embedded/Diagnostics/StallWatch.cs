using RaftKv.Embedded.Replica;

namespace RaftKv.Embedded.Diagnostics;

/// <summary>
/// Notices what keeps a node from getting on, and names it. A thread of its own that sleeps for short and known times: when it wakes late, everything was late; whether the garbage
/// collector did it, that says itself.
/// </summary>
internal sealed class StallWatch
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan PoolEvery = TimeSpan.FromSeconds(1);

    private readonly StallLog _stalls;
    private readonly ReplicaClock _clock;
    private readonly TimeSpan _threshold;
    private readonly Func<TimeSpan?> _leaderContact;
    private TimeSpan _gcPaused = GC.GetTotalPauseDuration();
    private long _poolAsked;
    private long _poolAnswered = 1;
    private bool _poolReported;
    private bool _silenceReported;

    /// <param name="leaderContact">How long ago the leader was heard of; <c>null</c> when there is none.</param>
    public StallWatch(StallLog stalls, ReplicaClock clock, TimeSpan electionTimeout, Func<TimeSpan?> leaderContact)
    {
        (_stalls, _clock, _leaderContact) = (stalls, clock, leaderContact);
        // Half of what an election needs, and never what any busy machine does.
        _threshold = TimeSpan.FromMilliseconds(Math.Max(100, electionTimeout.TotalMilliseconds / 2));
    }

    /// <summary>The body of its thread.</summary>
    public void Run(CancellationToken ended)
    {
        var last = _clock.Ticks;
        while (!ended.WaitHandle.WaitOne(Tick))
        {
            var now = _clock.Ticks;
            var late = TimeSpan.FromTicks(now - last) - Tick;
            last = now;
            if (!WasLate(late))
                LookAtLeader();
            LookAtPool(now);
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

    private void LookAtLeader()
    {
        if (_leaderContact() is not { } silence || silence < _threshold)
        {
            _silenceReported = false;
        }
        else if (!_silenceReported)
        {
            _silenceReported = true;
            _stalls.Add(RaftKvStallCause.Network, silence, "nothing was heard of the leader");
        }
    }

    /// <summary>One question at a time; a pool that does not answer is told of while it lasts.</summary>
    private void LookAtPool(long now)
    {
        var asked = _poolAsked;
        if (Volatile.Read(ref _poolAnswered) >= asked)
        {
            if (now - asked < PoolEvery.Ticks)
                return;
            _poolReported = false;
            _poolAsked = now;
            ThreadPool.UnsafeQueueUserWorkItem(static watch => Volatile.Write(ref watch._poolAnswered, watch._clock.Ticks), this, preferLocal: false);
        }
        else if (!_poolReported && now - asked >= _threshold.Ticks)
        {
            _poolReported = true;
            _stalls.Add(RaftKvStallCause.ThreadPool, TimeSpan.FromTicks(now - asked), $"{ThreadPool.PendingWorkItemCount} items wait for {ThreadPool.ThreadCount} threads");
        }
    }
}
