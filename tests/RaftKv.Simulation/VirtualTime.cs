namespace RaftKv.Simulation;

/// <summary>
/// The one queue of future events, in ticks of 100 ns. Events that are due at the same time happen in the order in which they were added.
/// </summary>
internal sealed class VirtualTime
{
    public const long Microsecond = TimeSpan.TicksPerMicrosecond;
    public const long Millisecond = TimeSpan.TicksPerMillisecond;
    public const long Second = TimeSpan.TicksPerSecond;

    /// <summary>A heap: no child is due before its parent.</summary>
    private Happening[] _heap = new Happening[256];
    private int _count;
    private long _order;

    public long Now { get; private set; }

    /// <summary>How many events may happen before the run ends.</summary>
    public long MaxSteps { get; init; } = long.MaxValue;

    /// <summary>How many events have happened.</summary>
    public long Steps { get; private set; }

    public void At(long when, Action act)
    {
        if (_count == _heap.Length)
            Array.Resize(ref _heap, 2 * _count);
        var added = new Happening(Math.Max(when, Now), ++_order, act);
        var (heap, place) = (_heap, _count++);
        while (place > 0)
        {
            var parent = (place - 1) / 2;
            if (!added.IsBefore(heap[parent]))
                break;
            heap[place] = heap[parent];
            place = parent;
        }
        heap[place] = added;
    }

    public void After(long ticks, Action act) => At(Now + ticks, act);

    /// <summary>Lets the next event happen; <c>false</c> when there is none until <paramref name="end"/>.</summary>
    public bool Step(long end)
    {
        if (_count == 0 || _heap[0].At > end)
        {
            Now = Math.Max(Now, end);
            return false;
        }
        if (Steps >= MaxSteps)
            throw new OutOfStepsException();
        var due = _heap[0];
        RemoveFirst();
        Now = due.At;
        Steps++;
        due.Act();
        return true;
    }

    private void RemoveFirst()
    {
        var (heap, count) = (_heap, --_count);
        var moved = heap[count];
        heap[count] = default;
        if (count == 0)
            return;
        var place = 0;
        for (var child = 1; child < count; child = (2 * place) + 1)
        {
            if (child + 1 < count && heap[child + 1].IsBefore(heap[child]))
                child++;
            if (!heap[child].IsBefore(moved))
                break;
            heap[place] = heap[child];
            place = child;
        }
        heap[place] = moved;
    }

    private readonly struct Happening(long at, long order, Action act)
    {
        private readonly long _order = order;

        public readonly long At = at;

        public readonly Action Act = act;

        public bool IsBefore(in Happening other) => At < other.At || (At == other.At && _order < other._order);
    }
}
