using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Consensus;

/// <summary>
/// How many bytes may be under way to one peer, measured from its acknowledgements: the rate at which bytes arrive, and the shortest time
/// from sending to acknowledgement. The window holds what arrives in that time and in <see cref="RaftSettings.LinkQueueTarget"/> more. So
/// the link never runs empty, and the queue that this leader builds on it delays no message by much longer than the target (the model of
/// BBR: Cardwell et al., "BBR: Congestion-Based Congestion Control", 2016).
/// </summary>
internal sealed class LinkWindow(RaftSettings settings)
{
    /// <summary>How many of the smallest pieces the smallest window holds.</summary>
    private const int PiecesPerWindow = 4;

    /// <summary>After so many rounds in which the rate has not grown by a quarter, it is taken as the rate of the link.</summary>
    private const int FlatRounds = 3;

    /// <summary>A rate counts for at least this long.</summary>
    private static readonly long RateLifetime = TimeSpan.TicksPerSecond;

    /// <summary>
    /// After this long without a delay as short as the shortest one, the queue on the link is drained and the delay is measured again.
    /// </summary>
    private static readonly long DelayLifetime = TimeSpan.FromSeconds(10).Ticks;

    private readonly Queue<Piece> _pieces = new();
    private long _bytes;
    private long _delivered;
    private long _deliveredAt;

    // The best rates of this period and of the one before it, in bytes per second.
    private long _rate;
    private long _rateBefore;
    private long _rateSince;

    // The window grows fast until the rate does not follow any more.
    private long _knownRate;
    private long _roundEnd;
    private int _flatRounds;

    private long _shortest = Moment.Never;
    private long _shortestAt;
    private bool _measuresDelay;

    /// <summary>Acknowledgements of pieces sent from this time on measure the delay without a queue.</summary>
    private long _emptySince = Moment.Never;

    /// <summary>Pieces sent and not acknowledged.</summary>
    public int Count => _pieces.Count;

    public bool HasRoom => _bytes < Size;

    /// <summary>The most bytes that may be under way. The last piece may exceed it.</summary>
    public long Size
    {
        get
        {
            if (_measuresDelay || Rate == 0)
                return Smallest;
            var delay = (_flatRounds < FlatRounds ? 2 : 1) * _shortest;
            var bytes = (long)(Rate * Seconds(delay + settings.LinkQueueTarget));
            return Math.Clamp(bytes, Smallest, Math.Max(Smallest, settings.MaxInflightBytes));
        }
    }

    /// <summary>The shortest time from sending to acknowledgement, in ticks; 0 before the first one.</summary>
    public long Delay => _shortest == Moment.Never ? 0 : _shortest;

    /// <summary>The measured rate in bytes per second; 0 before the first acknowledgement.</summary>
    public long Rate => Math.Max(_rate, _rateBefore);

    private long Smallest => PiecesPerWindow * (long)settings.SmallestPieceBytes;

    /// <summary>How large a piece may be: several fit the window, so that the link does not run empty between two of them.</summary>
    public int PieceBytes(int most) => (int)Math.Min(most, Math.Max(settings.SmallestPieceBytes, Size / PiecesPerWindow));

    /// <param name="end">The last entry, or the end of the bytes, of the piece; what an acknowledgement names.</param>
    /// <param name="bytes">Its size; 0 when it was sent before: nothing is measured by it.</param>
    /// <param name="now">The time in ticks.</param>
    public void Sent(long end, int bytes, long now)
    {
        if (_pieces.Count == 0)
            _deliveredAt = now;
        _bytes += bytes;
        _pieces.Enqueue(new Piece(end, bytes, now, _delivered, _deliveredAt, FillsWindow: !HasRoom));
    }

    /// <summary>The peer has everything up to <paramref name="end"/>.</summary>
    public void Acknowledge(long end, long now)
    {
        Piece? newest = null;
        while (_pieces.TryPeek(out var piece) && piece.End <= end)
        {
            _pieces.Dequeue();
            _bytes -= piece.Bytes;
            _delivered += piece.Bytes;
            if (piece.Bytes > 0)
                newest = piece;
        }
        if (newest is not { } last)
            return;
        MeasureRate(last, now);
        MeasureDelay(last, now);
        _deliveredAt = now;
    }

    /// <summary>The pieces under way are lost, or no longer waited for. The measurements stay.</summary>
    public void Forget()
    {
        _pieces.Clear();
        _bytes = 0;
    }

    private void MeasureRate(in Piece piece, long now)
    {
        var elapsed = Math.Max(now - piece.DeliveredAt, TimeSpan.TicksPerMillisecond);
        var rate = (long)((_delivered - piece.Delivered) / Seconds(elapsed));
        // While the sender has little to send, the measured rate is that of the sender, not that of the link.
        if (!piece.FillsWindow && rate <= Rate)
            return;
        if (now - _rateSince > Math.Max(RateLifetime, PiecesPerWindow * (now - piece.SentAt)))
            (_rateBefore, _rate, _rateSince) = (_rate, 0, now);
        _rate = Math.Max(_rate, rate);
        if (piece.FillsWindow && piece.SentAt >= _roundEnd)
            EndRound(now);
    }

    private void EndRound(long now)
    {
        _roundEnd = now;
        if (Rate >= _knownRate + (_knownRate / 4))
            (_knownRate, _flatRounds) = (Rate, 0);
        else if (_flatRounds < FlatRounds)
            _flatRounds++;
    }

    private void MeasureDelay(in Piece piece, long now)
    {
        var delay = now - piece.SentAt;
        if (delay <= _shortest || piece.SentAt >= _emptySince)
        {
            (_shortest, _shortestAt) = (delay, now);
            _measuresDelay = false;
            _emptySince = Moment.Never;
        }
        else if (now - _shortestAt > DelayLifetime)
        {
            _measuresDelay = true;
            if (_emptySince == Moment.Never && _bytes <= Smallest)
                _emptySince = now;
        }
    }

    private static double Seconds(long ticks) => ticks / (double)TimeSpan.TicksPerSecond;

    /// <param name="End">What an acknowledgement names.</param>
    /// <param name="Bytes">Its size; 0 when it was sent before.</param>
    /// <param name="SentAt">When it was sent, in ticks.</param>
    /// <param name="Delivered">Bytes acknowledged when it was sent.</param>
    /// <param name="DeliveredAt">When the last acknowledgement before it came, or the first piece of its burst was sent.</param>
    /// <param name="FillsWindow">The window was full after it: the rate measured by it is that of the link.</param>
    private readonly record struct Piece(long End, int Bytes, long SentAt, long Delivered, long DeliveredAt, bool FillsWindow);
}
