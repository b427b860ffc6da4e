using RaftKv.Embedded.Log;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Client;

/// <summary>
/// What the holder of a lease knows: until when it certainly lives, and when it is to be renewed. The deadline counts from when the last
/// renewal that was answered had been sent. The caller gives the time, in monotonic ticks.
/// </summary>
/// <param name="id">The lease.</param>
/// <param name="timeToLive">Its time to live, in ticks.</param>
/// <param name="maxClockDrift">As in the options.</param>
/// <param name="timeout">How long a renewal may take before it is given up and another is sent.</param>
/// <param name="sentAt">When the request for it was sent.</param>
internal sealed class LeaseDeadline(long id, long timeToLive, double maxClockDrift, long timeout, long sentAt)
{
    private ValueTask<KvWriteResult> _answer;
    private WriteOperation? _renewal;
    private long _sentAt = sentAt;
    private long _nextRenewal = sentAt + (timeToLive / 3);
    private bool _isGone;

    /// <summary>From here on the cluster may have ended it.</summary>
    public long Deadline { get; private set; } = sentAt + SafeTime(timeToLive, maxClockDrift);

    /// <summary>A renewal is under way.</summary>
    public bool AwaitsAnswer => _renewal is not null;

    /// <summary>When something is to be done, if no answer comes before.</summary>
    public long Next => Math.Min(_nextRenewal, Deadline);

    /// <summary>Whether it still lives for certain. Gives a renewal that is to be posted now, if one is due.</summary>
    public bool Lives(long now, out WriteOperation? renewal)
    {
        renewal = null;
        TakeAnswer(now);
        if (_isGone || now >= Deadline)
            return false;
        if (_renewal is null && now >= _nextRenewal)
        {
            var command = new byte[KvCommand.LeaseBytes];
            KvCommand.WriteLease(command, KvOperation.RenewLease, id);
            renewal = _renewal = new WriteOperation(command, Math.Min(Deadline, now + timeout), static _ => { });
            _answer = renewal.Start(CancellationToken.None);
            _sentAt = now;
        }
        return true;
    }

    /// <summary>The holder's clock may be slow, the leader's fast, and log time faster still by its slew.</summary>
    private static long SafeTime(long timeToLive, double maxClockDrift) => (long)(timeToLive * (1 - maxClockDrift - (1.0 / LogClock.Slew)));

    private void TakeAnswer(long now)
    {
        if (_renewal is null || !_answer.IsCompleted)
            return;
        _renewal = null;
        try
        {
            _answer.GetAwaiter().GetResult();
            Deadline = _sentAt + SafeTime(timeToLive, maxClockDrift);
            _nextRenewal = _sentAt + (timeToLive / 3);
        }
        catch (RaftKvLeaseException)
        {
            _isGone = true;
        }
        catch (RaftKvException)
        {
            // Not now; until the deadline there is time to try again.
            _nextRenewal = now + (timeToLive / 20);
        }
    }
}
