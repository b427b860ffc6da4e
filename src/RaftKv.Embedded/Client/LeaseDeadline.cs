using RaftKv.Embedded.Log;
using RaftKv.Embedded.Node;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Client;

/// <summary>
/// The deadline of a lease as its holder knows it: until when the lease certainly lives, and when it is to be renewed. The deadline counts
/// from the time when the last answered renewal was sent. The caller passes the time, in monotonic ticks.
/// </summary>
/// <param name="id">The id of the lease.</param>
/// <param name="timeToLive">The time to live of the lease, in ticks.</param>
/// <param name="maxClockDrift">See <see cref="RaftKvOptions.MaxClockDrift"/>.</param>
/// <param name="timeout">How long a renewal may take, in ticks, before it is given up and another is sent.</param>
/// <param name="sentAt">When the request for the lease was sent, in monotonic ticks.</param>
internal sealed class LeaseDeadline(long id, long timeToLive, double maxClockDrift, long timeout, long sentAt)
{
    private ValueTask<KvWriteResult> _answer;
    private WriteOperation? _renewal;
    private long _sentAt = sentAt;
    private long _nextRenewal = sentAt + (timeToLive / 3);
    private bool _isGone;

    /// <summary>From this time on the cluster may have ended the lease.</summary>
    public long Deadline { get; private set; } = sentAt + SafeTime(timeToLive, maxClockDrift);

    /// <summary>Whether a renewal is under way.</summary>
    public bool AwaitsAnswer => _renewal is not null;

    /// <summary>When <see cref="Lives"/> must be called next, if no answer comes before.</summary>
    public long Next => Math.Min(_nextRenewal, Deadline);

    /// <summary>Whether the lease certainly still lives. Returns a renewal that the caller must post, if one is due.</summary>
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

    /// <summary>The holder's clock may be slow, the leader's clock fast, and log time faster by its slew.</summary>
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
            // The renewal failed; there is time until the deadline to try again.
            _nextRenewal = now + (timeToLive / 20);
        }
    }
}
