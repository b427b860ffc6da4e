namespace RaftKv.Simulation;

/// <summary>
/// What waits for a link of limited bandwidth. As in the transport, urgent messages pass bulk ones, between two slices of a long message as
/// well, and what waits is bounded.
/// </summary>
internal sealed class SimPipe(VirtualTime time, Action<byte[]> depart)
{
    /// <summary>The most bytes that may wait; a bulk message beyond it is dropped, and its sender is told.</summary>
    public const int MaxWaitingBytes = 400_000;

    private const int SliceBytes = 1_000;

    private readonly Queue<byte[]> _urgent = new();
    private readonly Queue<byte[]> _bulk = new();
    private long _connection;
    private int _left;
    private bool _isBusy;

    /// <summary>In bytes per second; 0 is without a limit.</summary>
    public long Rate { get; set; }

    public long WaitingBytes { get; private set; }

    public bool IsEmpty => WaitingBytes == 0;

    public void Add(byte[] frame, bool isBulk)
    {
        WaitingBytes += frame.Length;
        (isBulk ? _bulk : _urgent).Enqueue(frame);
        if (!_isBusy)
            Next();
    }

    /// <summary>The connection is lost, and with it everything that waited for it.</summary>
    public void Clear()
    {
        _connection++;
        _urgent.Clear();
        _bulk.Clear();
        WaitingBytes = _left = 0;
        _isBusy = false;
    }

    private void Next()
    {
        if (_urgent.TryDequeue(out var frame))
        {
            Take(frame.Length, frame);
        }
        else if (_bulk.TryPeek(out frame))
        {
            if (_left == 0)
                _left = frame.Length;
            var slice = Math.Min(_left, SliceBytes);
            _left -= slice;
            if (_left == 0)
                _bulk.Dequeue();
            Take(slice, _left == 0 ? frame : null);
        }
    }

    private void Take(int bytes, byte[]? whole)
    {
        _isBusy = true;
        var connection = _connection;
        time.After(Rate == 0 ? 0 : bytes * VirtualTime.Second / Rate, () =>
        {
            if (connection != _connection)
                return;
            _isBusy = false;
            WaitingBytes -= bytes;
            if (whole is not null)
                depart(whole);
            if (connection == _connection && !_isBusy)
                Next();
        });
    }
}
