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
        var now = _context.Clock.Ticks;
        if (offset == long.MinValue || expiresAtMs - (slidingMs - (slidingMs / 4)) > offset + (now / TimeSpan.TicksPerMillisecond))
            return;
        _used.Note(key, version, now, slidingMs * TimeSpan.TicksPerMillisecond);
    }

    private void ConsiderExpiry()
    {
        var due = _context.Applier.NextDueMs;
        if (due == long.MaxValue || _expiring || !_context.Leads || _context.Now.Ticks < _nextExpiry)
            return;
        var now = _context.Core!.ReadLogTime(_context.Now);
        if (due <= now)
        {
            CollectDue(now);
        }
        else if (now - _context.Core.LastTimeMs >= LongestSilenceMs)
        {
            Expire(KvCommand.WriteExpire([], []));
        }
    }

    private void CollectDue(long now)
    {
        _expiring = true;
        _context.Applier.Submit(new BetweenEntries(state => _context.Post(new DueCollected(state.CollectDue(now))), static () => { }));
    }

    private void OnDueCollected(DueCollected collected)
    {
        _expiring = false;
        if (_context.Leads)
            Expire(collected.Command);
    }

    private void Expire(byte[] command)
    {
        var last = _context.Core!.LastIndex;
        _context.Step(new Proposed(_context.Now, [command], From: null));
        if (_context.Core.LastIndex == last)
        {
            // Refused, while the leadership is handed over or too much waits.
            _nextExpiry = _context.Now.Ticks + SweepInterval;
            return;
        }
        _expiring = _context.Applier.Waiters.Add(_context.Core.LastIndex, () => _context.Post(new ExpiryApplied()), () => _context.Applier.AppliedIndex);
    }

    private void SweepUses()
    {
        if (_context.Core is null)
            return;
        Volatile.Write(ref _logTimeOffset, _context.Core.ReadLogTime(_context.Now) - (_context.Now.Ticks / TimeSpan.TicksPerMillisecond));
        // Without a leader they are taken all the same: they would be too late, and later reads renew.
        if (_used.Take() is not { } used || !_context.KnowsLeader)
            return;
        var commands = new List<ReadOnlyMemory<byte>>();
        foreach (var batch in used.Chunk(ExpireCommand.MaxKeys))
            commands.Add(KvCommand.WriteTouch(batch));
        Offer(commands);
    }
}
