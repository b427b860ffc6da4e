namespace RaftKv.Embedded.Node;

/// <summary>
/// Gives the replica its turns, one at a time. A thread of its own takes those that are due by the clock, or that callers want; a thread that brings news, from a
/// peer or from the disk, takes the turn itself when nobody is at it: waking another thread may cost more than the turn.
/// </summary>
internal sealed class ReplicaDriver(Replica replica, LogWriter log, Applier applier)
{
    private readonly Lock _turn = new();
    private volatile bool _running = true;

    /// <summary>The body of the replica's thread.</summary>
    public void Run()
    {
        while (_running)
        {
            replica.Wait();
            lock (_turn)
                replica.RunOnce();
            log.Wake();
            applier.Wake();
        }
        lock (_turn)
            replica.End();
    }

    /// <summary>
    /// Any thread of the replica's own that has posted without waking. One turn and no more: what came in meanwhile is left to the replica's thread, so that its own work does not wait, and
    /// more comes together for the next turn.
    /// </summary>
    public void TakeTurn()
    {
        if (TryTurn())
            applier.RunOrWake();
    }

    /// <summary>
    /// A caller's thread. Does what the replica's thread would be woken for while there is nothing else to do; under load callers only leave their wishes, which are
    /// dealt with many at a time.
    /// </summary>
    public void Post(ReplicaInput input)
    {
        if (!replica.IsIdle || _turn.IsHeldByCurrentThread)
        {
            replica.Post(input);
            return;
        }
        replica.Post(input, wake: false);
        if (TryTurn())
            applier.Wake();
    }

    private bool TryTurn()
    {
        // Whoever holds the lock looks for work once more when it lets go.
        if (!_running || !replica.HasWork || !_turn.TryEnter())
            return false;
        try
        {
            replica.RunOnce();
        }
        finally
        {
            _turn.Exit();
        }
        // After what was sent: the peers' disks have farther to go than this one's.
        log.Wake();
        if (replica.HasWork)
            replica.Kick();
        return true;
    }

    /// <summary>The thread ends after the turn it is in.</summary>
    public void Stop()
    {
        _running = false;
        replica.Kick();
    }
}
