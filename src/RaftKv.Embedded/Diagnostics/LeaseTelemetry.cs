namespace RaftKv.Embedded.Diagnostics;

/// <summary>
/// Counts the leases of this process, and the locks that are held with them. Any thread; the listeners are called by
/// <see cref="Observers"/>, because the thread that renews leases must not wait for them.
/// </summary>
/// <param name="meter">The instruments; <c>null</c> before they exist.</param>
/// <param name="observers">Calls the listeners.</param>
internal sealed class LeaseTelemetry(Func<ReplicaMeter?> meter, Observers observers)
{
    private int _heldLeases;
    private int _heldLocks;

    /// <summary>Leases that this process keeps alive.</summary>
    public int HeldLeases => Volatile.Read(ref _heldLeases);

    /// <summary>Locks that this process holds, leaderships included.</summary>
    public int HeldLocks => Volatile.Read(ref _heldLocks);

    public void Granted()
    {
        Interlocked.Increment(ref _heldLeases);
        observers.Post(() => meter()?.LeasesGranted?.Add(1));
    }

    /// <summary>The process has acquired a lock with a lease that it holds.</summary>
    public void Locked() => Interlocked.Increment(ref _heldLocks);

    /// <summary>A lease is not kept alive any more.</summary>
    /// <param name="heldLock">Whether a lock was held with it.</param>
    /// <param name="isLost">Whether it ended although the process did not release it.</param>
    public void Ended(bool heldLock, bool isLost)
    {
        var reason = new KeyValuePair<string, object?>("reason", isLost ? "lost" : "released");
        Interlocked.Decrement(ref _heldLeases);
        observers.Post(() => meter()?.LeasesEnded?.Add(1, reason));
        if (!heldLock)
            return;
        Interlocked.Decrement(ref _heldLocks);
        observers.Post(() => meter()?.LocksEnded?.Add(1, reason));
    }

    /// <summary>A lock was requested. On the thread of the caller.</summary>
    /// <param name="time">From the call to its outcome.</param>
    /// <param name="outcome"><c>acquired</c>, <c>taken</c> or <c>failed</c>.</param>
    public void Asked(TimeSpan time, string outcome) =>
        Observers.Guard(() => meter()?.LockTimes?.Record(time.TotalSeconds, new KeyValuePair<string, object?>("outcome", outcome)));
}
