using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Node;

// What ends by itself is ended by entries that the leader proposes: one bounded batch after the other, each only once the one before is applied, so that clients'
// writes come in between.
internal sealed partial class Replica
{
    /// <summary>While anything waits for its end, the log never says for longer than this what time it is: whoever leads next goes on from there.</summary>
    private const long LongestSilenceMs = 10_000;

    private readonly UsedKeys _used = new();
    private long _logTimeOffset = long.MinValue;
    private long _nextExpiry;

    /// <summary>A batch is being collected, or was proposed and is not applied.</summary>
    private bool _expiring;

    /// <summary>Any thread. A key with a sliding expiry was read: it is renewed once a quarter of its time is gone. Costs the reader a note at most.</summary>
    public void NoteUse(ReadOnlySpan<byte> key, long version, long expiresAtMs, long slidingMs)
    {
        var offset = Volatile.Read(ref _logTimeOffset);
        var now = _clock.Ticks;
        if (offset == long.MinValue || expiresAtMs - (slidingMs - (slidingMs / 4)) > offset + (now / TimeSpan.TicksPerMillisecond))
            return;
        _used.Note(key, version, now, slidingMs * TimeSpan.TicksPerMillisecond);
    }

    private void ConsiderExpiry()
    {
        var due = _parts.Applier.NextDueMs;
        if (due == long.MaxValue || _expiring || !Leads || _now.Ticks < _nextExpiry)
            return;
        var now = _core!.ReadLogTime(_now);
        if (due <= now)
        {
            CollectDue(now);
        }
        else if (now - _core.LastTimeMs >= LongestSilenceMs)
        {
            Expire(KvCommand.WriteExpire([], []));
        }
    }

    private void CollectDue(long now)
    {
        _expiring = true;
        _parts.Applier.Submit(new BetweenEntries(state => Post(new DueCollected(state.CollectDue(now))), static () => { }));
    }

    private void OnDueCollected(DueCollected collected)
    {
        _expiring = false;
        if (Leads)
            Expire(collected.Command);
    }

    private void Expire(byte[] command)
    {
        var last = _core!.LastIndex;
        Step(new Proposed(_now, [command], From: null));
        if (_core.LastIndex == last)
        {
            // Refused, while the leadership is handed over or too much waits.
            _nextExpiry = _now.Ticks + SweepInterval;
            return;
        }
        _expiring = _parts.Applier.Waiters.Add(_core.LastIndex, () => Post(new ExpiryApplied()), () => _parts.Applier.AppliedIndex);
    }

    private void SweepUses()
    {
        if (_core is null)
            return;
        Volatile.Write(ref _logTimeOffset, _core.ReadLogTime(_now) - (_now.Ticks / TimeSpan.TicksPerMillisecond));
        // Without a leader they are taken all the same: they would be too late, and later reads renew.
        if (_used.Take() is not { } used || !KnowsLeader)
            return;
        var commands = new List<ReadOnlyMemory<byte>>();
        foreach (var batch in used.Chunk(ExpireCommand.MaxKeys))
            commands.Add(KvCommand.WriteTouch(batch));
        Offer(commands);
    }
}
