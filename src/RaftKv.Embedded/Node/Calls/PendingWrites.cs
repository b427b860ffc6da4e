using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Node;

/// <summary>
/// The writes of this process by sequence. The holder of the turn adds; the applier looks up; both may complete. A ring, because sequences
/// are dense and answered roughly in order.
/// </summary>
/// <param name="first">
/// The first sequence. A process does not begin at 1 but anywhere: a leader's late answer to a write of an earlier process of this node
/// must not be taken for an answer to a write of this one.
/// </param>
internal sealed class PendingWrites(long first = 1)
{
    /// <summary>The state machine keeps as many results per session; it could not recognize repetitions of more writes.</summary>
    public const int Capacity = 32_768;

    private readonly WriteOperation?[] _ring = new WriteOperation?[Capacity];
    private readonly List<WriteOperation> _over = [];
    private long _next = first;
    private long _low = first;

    /// <summary>Holder of the turn. All sequences below it are answered.</summary>
    public long Low
    {
        get
        {
            while (_low < _next)
            {
                ref var slot = ref _ring[_low % Capacity];
                if (slot is { IsCompleted: false })
                    break;
                if (slot is not null)
                    _over.Add(slot);
                slot = null;
                _low++;
            }
            return _low;
        }
    }

    public bool IsEmpty => Span == 0;

    /// <summary>How many sequences there are between the oldest that waits and the newest.</summary>
    public long Span => _next - Low;

    public bool IsFull => Span >= Capacity;

    /// <summary>Holder of the turn.</summary>
    public void Add(WriteOperation write)
    {
        Invariant.Holds(!IsFull);
        write.Sequence = _next++;
        Volatile.Write(ref _ring[write.Sequence % Capacity], write);
    }

    /// <summary>Any thread. The write with this sequence, if it still waits.</summary>
    public WriteOperation? Find(long sequence)
    {
        if (sequence <= 0)
            return null;
        var write = Volatile.Read(ref _ring[sequence % Capacity]);
        return write is { IsCompleted: false } && write.Sequence == sequence ? write : null;
    }

    /// <summary>Holder of the turn. The writes that wait, oldest first. Writes may be completed and added meanwhile.</summary>
    public Enumerator GetEnumerator() => new(this, Low, _next);

    /// <summary>Holder of the turn, while it has no other list of writes: completed writes may be used again.</summary>
    public void ReleaseCompleted()
    {
        foreach (var write in _over)
            write.Release();
        _over.Clear();
    }

    /// <summary>
    /// Holder of the turn. Forgets all writes, for a new session. The sequences go on: a late answer to a write of the old session must
    /// never be taken for an answer to a write of the new one.
    /// </summary>
    public void Clear()
    {
        Array.Clear(_ring);
        _low = _next;
    }

    /// <summary>Walks from one sequence to another, which is excluded.</summary>
    public struct Enumerator(PendingWrites writes, long first, long end)
    {
        private long _next = first;

        public WriteOperation Current { get; private set; } = null!;

        public bool MoveNext()
        {
            while (_next < end)
            {
                if (writes.Find(_next++) is not { } write)
                    continue;
                Current = write;
                return true;
            }
            return false;
        }
    }
}
