using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>
/// The only entry to a replica, and the only part of it that knows threads: every input is posted here, and turns are taken one at a time.
/// The thread of the replica takes the turns that are due by the clock or that callers ask for. A thread that brings news from a peer or
/// from the disk takes the turn itself when no turn is being taken: to wake another thread may cost more than the turn. A simulator calls
/// <see cref="RunOnce"/> instead of these threads.
/// </summary>
internal sealed class TurnScheduler(ReplicaClock clock)
{
    private readonly WorkQueue<ReplicaInput> _inbox = new();
    private readonly Lock _turn = new();
    private List<ReplicaInput> _taken = [];
    private InboundMessages _inbound = null!;
    private ReplicaLoop _loop = null!;
    private LogWriter _log = null!;
    private Applier _applier = null!;

    /// <summary>When the next turn is due by the clock.</summary>
    private long _due;

    /// <summary>Until when the replica's thread sleeps: a turn on another thread may have to wake it.</summary>
    private long _sleepsUntil = long.MinValue;
    private bool _isIdle;
    private volatile bool _running = true;

    /// <summary>Any thread. Whether something waits for the next turn.</summary>
    public bool HasWork => !_inbox.IsEmpty;

    /// <summary>Holder of the turn. When the next turn is due even if nothing is posted, in monotonic ticks.</summary>
    public long Deadline => _loop.Deadline;

    /// <summary>Once, before anything is posted.</summary>
    public void Attach(ReplicaContext context, ReplicaLoop loop)
    {
        (_loop, _log, _applier) = (loop, context.LogWriter, context.Applier);
        _inbound = new InboundMessages(context, Kick);
        _applier.Answers.Notify += Post;
        _log.Written += written => Post(written, wake: false);
    }

    /// <summary>Any thread. Wakes the replica's thread.</summary>
    public void Post(ReplicaInput input) => Post(input, wake: true);

    /// <summary>Any thread. Without <paramref name="wake"/>, the caller must ensure that a turn is taken.</summary>
    public void Post(ReplicaInput input, bool wake)
    {
        if (!_inbox.Post(input, wake))
            _loop.Refuse(input);
    }

    /// <summary>Transport thread, which must have a turn taken afterwards. Blocks while too many bytes of messages wait.</summary>
    public void PostMessage(PeerHello from, PeerMessage message) => Post(_inbound.Admit(from, message), wake: false);

    /// <summary>Holder of the turn. A message waits no longer.</summary>
    public void Release(PeerInput message) => _inbound.Release(message);

    /// <summary>
    /// A caller's thread. Takes the turn itself while the replica is idle: the replica's thread would be woken for this input alone. Under
    /// load callers only post, and one turn serves many of them.
    /// </summary>
    public void PostFromCaller(ReplicaInput input)
    {
        if (!Volatile.Read(ref _isIdle) || _turn.IsHeldByCurrentThread)
        {
            Post(input);
            return;
        }
        Post(input, wake: false);
        if (TryTurn())
            _applier.Wake();
    }

    /// <summary>
    /// A thread of the replica that has posted without waking. Takes one turn at most: inputs that are posted meanwhile are left to the
    /// replica's thread, so that the work of this thread does not wait, and the next turn serves more at once.
    /// </summary>
    public void TakeTurn()
    {
        if (TryTurn())
            _applier.RunOrWake();
    }

    /// <summary>The body of the replica's thread.</summary>
    public void Run()
    {
        while (_running)
        {
            Wait();
            lock (_turn)
                RunOnce();
            _log.Wake();
            _applier.Wake();
        }
        lock (_turn)
            End();
    }

    /// <summary>Any thread. The replica's thread ends after the turn it is in.</summary>
    public void Stop()
    {
        _running = false;
        Kick();
    }

    /// <summary>Any thread. Ends a wait.</summary>
    public void Kick() => _inbox.Kick();

    /// <summary>One turn. Any thread, one at a time.</summary>
    public void RunOnce()
    {
        // The inbox is taken first and the clock is read second, because the thread may be stopped between the two and no input may be
        // dated before it arrived.
        // - A promise to the leader would begin, and end, before the leader's question was sent: two nodes could serve reads.
        // - An entry would be stamped before its caller sent it: a lease could end before its holder expects it.
        // A reading that is late is safe for both: the promise and the key last longer. It is safe for the leader's lease as well: the
        // lease counts from the reading of the turn that sends the question, which is before the question leaves. Timeouts that a late
        // reading finds passed while messages wait in the inbox are not acted upon at once: the core waits for another heartbeat when it is
        // late.
        _inbox.TakeAll(ref _taken);
        _loop.BeginTurn();
        _loop.Turn(_taken);
        Volatile.Write(ref _isIdle, _loop.IsIdle);
        _loop.EndTurn();
        Volatile.Write(ref _due, Deadline);
        Interlocked.MemoryBarrier();
        if (_due < Volatile.Read(ref _sleepsUntil))
            Kick();
    }

    /// <summary>
    /// The last turn: what was posted too late is refused, and what is posted later is refused on the thread that posts it.
    /// </summary>
    public void End()
    {
        _loop.Close();
        _inbox.Close();
        RunOnce();
    }

    /// <summary>Waits for work, at most until the next deadline. Turns may be taken on other threads meanwhile.</summary>
    private void Wait()
    {
        var due = Volatile.Read(ref _due);
        Volatile.Write(ref _sleepsUntil, due);
        Interlocked.MemoryBarrier();
        // A turn that set an earlier deadline before _sleepsUntil was written saw no sleeping thread that it would have to wake.
        due = Math.Min(due, Volatile.Read(ref _due));
        // Rounded up: after waking a moment too early the thread would take two turns.
        var wait = (due - clock.Ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond;
        _inbox.Wait((int)Math.Clamp(wait, 0, 1000));
        Volatile.Write(ref _sleepsUntil, long.MinValue);
    }

    /// <summary>Keeps turns from being taken until the call returns: for tests that stop a node.</summary>
    public void Hold(Action call)
    {
        lock (_turn)
            call();
    }

    private bool TryTurn()
    {
        // The holder of the lock looks for work once more after it has released it.
        if (!_running || !HasWork || !_turn.TryEnter())
            return false;
        try
        {
            RunOnce();
        }
        finally
        {
            _turn.Exit();
        }
        // Woken after the messages were sent, because the way to the peers' disks is longer than the way to this one's.
        _log.Wake();
        if (HasWork)
            Kick();
        return true;
    }
}
