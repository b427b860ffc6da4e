namespace RaftKv.Embedded.Node;

/// <summary>Callbacks that are called when the applier has reached an index.</summary>
internal sealed class AppliedWaiters
{
    private readonly List<(long Index, Action Reached)> _waiting = [];
    private long _lowest = long.MaxValue;

    /// <summary>
    /// Adds a callback; <c>false</c>, without adding it, when <paramref name="applied"/> says that the index is reached already.
    /// </summary>
    public bool Add(long index, Action reached, Func<long> applied)
    {
        lock (_waiting)
        {
            _waiting.Add((index, reached));
            Volatile.Write(ref _lowest, Math.Min(_lowest, index));
            // The applier looks at _lowest after it has published its index; looking at the index after publishing _lowest closes the gap.
            Interlocked.MemoryBarrier();
            if (applied() < index)
                return true;
            _waiting.RemoveAt(_waiting.Count - 1);
            return false;
        }
    }

    public void Remove(Action reached)
    {
        lock (_waiting)
            _waiting.RemoveAll(w => w.Reached == reached);
    }

    /// <summary>Applier thread, after its index is published. The callbacks must be short.</summary>
    public void Reach(long applied)
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _lowest) > applied)
            return;
        lock (_waiting)
        {
            var lowest = long.MaxValue;
            for (var i = _waiting.Count - 1; i >= 0; i--)
            {
                var (index, reached) = _waiting[i];
                if (index <= applied)
                {
                    reached();
                    _waiting[i] = _waiting[^1];
                    _waiting.RemoveAt(_waiting.Count - 1);
                }
                else
                {
                    lowest = Math.Min(lowest, index);
                }
            }
            Volatile.Write(ref _lowest, lowest);
        }
    }
}
