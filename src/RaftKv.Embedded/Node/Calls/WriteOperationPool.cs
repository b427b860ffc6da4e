namespace RaftKv.Embedded.Node;

/// <summary>Operations that are over, kept for later writes. Any thread.</summary>
/// <param name="release">Called with the number of bytes that an operation no longer holds.</param>
internal sealed class WriteOperationPool(Action<int> release)
{
    /// <summary>Operations beyond this number are left to the garbage collector.</summary>
    private const int Capacity = 1024;

    private readonly Lock _gate = new();
    private readonly WriteOperation[] _spare = new WriteOperation[Capacity];
    private int _count;

    /// <param name="bytes">How long its command is.</param>
    /// <param name="deadline">Monotonic ticks at which the caller gives up.</param>
    public WriteOperation Take(int bytes, long deadline)
    {
        WriteOperation? write = null;
        lock (_gate)
        {
            if (_count > 0)
                write = _spare[--_count];
        }
        write ??= new WriteOperation(this, release);
        write.Renew(bytes, deadline);
        return write;
    }

    public void Return(WriteOperation write)
    {
        lock (_gate)
        {
            if (_count < Capacity)
                _spare[_count++] = write;
        }
    }
}
