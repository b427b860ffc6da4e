using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.StateMachine;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Keys and leases end by entries that the leader proposes: one bounded batch after the other, each only once the one before is applied, so
/// that writes of callers come in between. Holder of the turn, unless a member says otherwise.
/// </summary>
internal sealed class ExpiryScheduler(ReplicaContext context, ProposalSender sender)
{
    /// <summary>
    /// While a key or a lease has an end, the log states the time at least this often: the next leader goes on from there.
    /// </summary>
    private const long LongestSilenceMs = 10_000;

    private readonly SlidingExpirationTracker _accesses = new();
    private long _logTimeOffset = long.MinValue;
    private long _nextAttempt;

    /// <summary>A batch is being collected, or was proposed and is not applied.</summary>
    private bool _isUnderWay;

    /// <summary>
    /// Any thread. A key with a sliding expiry was read: it is renewed once a quarter of its time is gone. The reader only records the
    /// access.
    /// </summary>
    public void RecordAccess(ReadOnlySpan<byte> key, long version, long expiresAtMs, long slidingMs)
    {
        // A faulted node serves reads on, and takes what is recorded no more.
        if (context.IsClosed)
            return;
        var offset = Volatile.Read(ref _logTimeOffset);
        var now = context.Clock.Ticks;
        if (offset == long.MinValue || expiresAtMs - (slidingMs - (slidingMs / 4)) > offset + (now / TimeSpan.TicksPerMillisecond))
            return;
        _accesses.RecordAccess(key, version, now, slidingMs * TimeSpan.TicksPerMillisecond);
    }

    public void Drive()
    {
        var due = context.Applier.NextDueMs;
        if (due == long.MaxValue || _isUnderWay || !context.Leads || context.Now.Ticks < _nextAttempt)
            return;
        var now = context.Core!.ReadLogTime(context.Now);
        if (due <= now)
        {
            CollectDue(now);
        }
        else if (now - context.Core.LastTimeMs >= LongestSilenceMs)
        {
            Expire(KvCommand.WriteExpire([], []));
        }
    }

    private void CollectDue(long now)
    {
        _isUnderWay = true;
        context.Applier.Submit(new BetweenEntries(state => context.Post(new DueCollected(state.CollectDue(now))), static () => { }));
    }

    public void OnDueCollected(DueCollected collected)
    {
        _isUnderWay = false;
        if (context.Leads)
            Expire(collected.Command);
    }

    /// <summary>The batch that was proposed is applied.</summary>
    public void OnApplied() => _isUnderWay = false;

    public void OnRoleChanged() => _isUnderWay = false;

    private void Expire(byte[] command)
    {
        var last = context.Core!.LastIndex;
        context.Step(new Proposed(context.Now, [command], From: null));
        if (context.Core.LastIndex == last)
        {
            // Refused, while the leadership is handed over or too much waits.
            _nextAttempt = context.Now.Ticks + ReplicaContext.SweepInterval;
            return;
        }
        _isUnderWay = context.Applier.Waiters.Add(context.Core.LastIndex, () => context.Post(new ExpiryApplied()),
            () => context.Applier.AppliedIndex);
    }

    public void Sweep()
    {
        if (context.Core is null)
            return;
        Volatile.Write(ref _logTimeOffset, context.Core.ReadLogTime(context.Now) - (context.Now.Ticks / TimeSpan.TicksPerMillisecond));
        // Without a leader the recorded accesses are dropped: they would come too late, and later reads renew the keys.
        if (_accesses.Take() is not { } used || !context.KnowsLeader)
            return;
        var commands = new List<ReadOnlyMemory<byte>>();
        foreach (var batch in used.Chunk(ExpireCommand.MaxKeys))
            commands.Add(KvCommand.WriteTouch(batch));
        sender.Propose(commands);
    }
}
