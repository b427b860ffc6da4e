namespace RaftKv.Embedded.Node;

/// <summary>
/// When the next snapshot may be taken for lack of room on the disk: later after one that took long, and after one for which there was no
/// room.
/// </summary>
internal sealed class DiskRelief
{
    /// <summary>The shortest pause between two such snapshots; ten times as long as the last one took, if that is longer.</summary>
    private static readonly long Interval = TimeSpan.FromSeconds(5).Ticks;

    /// <summary>The longest pause after snapshots that could not be taken.</summary>
    private static readonly long LongestPause = TimeSpan.FromSeconds(60).Ticks;

    private long _next;
    private long _begunAt;
    private long _pause = Interval;

    /// <summary>Whether a snapshot may begin now.</summary>
    public bool TryBegin(long now)
    {
        if (now < _next)
            return false;
        (_next, _begunAt) = (now + Interval, now);
        return true;
    }

    /// <summary>A snapshot has ended, taken for lack of room or not.</summary>
    public void OnSnapshotFinished(bool succeeded, long now)
    {
        if (_begunAt == 0)
            return;
        _pause = succeeded ? Interval : Math.Min(2 * _pause, LongestPause);
        _next = now + Math.Max(_pause, 10 * (now - _begunAt));
        _begunAt = 0;
    }
}
