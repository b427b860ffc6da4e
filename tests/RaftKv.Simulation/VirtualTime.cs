namespace RaftKv.Simulation;

/// <summary>The one queue of everything that is going to happen, in ticks of 100 ns. Whatever is due at the same moment happens in the order in which it was asked for.</summary>
internal sealed class VirtualTime
{
    public const long Microsecond = TimeSpan.TicksPerMicrosecond;
    public const long Millisecond = TimeSpan.TicksPerMillisecond;
    public const long Second = TimeSpan.TicksPerSecond;

    private readonly PriorityQueue<Action, (long At, long Order)> _queue = new();
    private long _order;

    public long Now { get; private set; }

    /// <summary>So many things may happen.</summary>
    public long MaxSteps { get; init; } = long.MaxValue;

    /// <summary>How many things have happened.</summary>
    public long Steps { get; private set; }

    public void At(long when, Action act) => _queue.Enqueue(act, (Math.Max(when, Now), ++_order));

    public void After(long ticks, Action act) => At(Now + ticks, act);

    /// <summary>Lets the next thing happen, unless it is later than <paramref name="end"/>.</summary>
    public bool Step(long end)
    {
        if (!_queue.TryPeek(out _, out var due) || due.At > end)
        {
            Now = Math.Max(Now, end);
            return false;
        }
        if (Steps >= MaxSteps)
            throw new OutOfStepsException();
        var act = _queue.Dequeue();
        Now = due.At;
        Steps++;
        act();
        return true;
    }
}
