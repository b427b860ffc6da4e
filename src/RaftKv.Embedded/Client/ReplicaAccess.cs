using RaftKv.Embedded.Log;
using RaftKv.Embedded.Node;

namespace RaftKv.Embedded.Client;

/// <summary>
/// Where the clients find the replica: it exists only between the host's start and stop. Opening it takes as long as its data is large; a
/// call that is made meanwhile waits for it, and its own time begins then.
/// </summary>
internal sealed class ReplicaAccess
{
    private readonly CancellationTokenSource _stopping = new();
    private LocalReplica? _host;
    private Task<LocalReplica>? _opening;

    /// <summary>For what must not wait.</summary>
    /// <exception cref="RaftKvUnavailableException">The replica is still being opened.</exception>
    public LocalReplica Host => TryHost ?? throw Absence();

    /// <summary><c>null</c> while the replica is not open.</summary>
    public LocalReplica? TryHost => Volatile.Read(ref _host);

    /// <summary>Whether the replica is being opened.</summary>
    public bool IsOpening => TryHost is null && Volatile.Read(ref _opening) is { IsCompleted: false };

    /// <summary>Why the replica could not be opened; <c>null</c> when it was, or may still be.</summary>
    public Exception? Failure => Volatile.Read(ref _opening) is { IsFaulted: true, Exception: { } e } ? e.InnerException : null;

    /// <summary>From now on calls wait for this.</summary>
    public void SetOpening(Task<LocalReplica> opening) => Volatile.Write(ref _opening, opening);

    /// <summary>What may become an entry: the cluster's limits, or the node's own while it does not run.</summary>
    public ClusterLimits Limits(RaftKvOptions options) => Volatile.Read(ref _host)?.Replica.Limits ?? ClusterLimits.Of(options);

    /// <summary>Fires when the host begins to stop. Calls are served on until its services have stopped.</summary>
    public CancellationToken Stopping => _stopping.Token;

    public void Set(LocalReplica host)
    {
        Interlocked.Exchange(ref _host, host);
        if (Stopping.IsCancellationRequested)
            EndWatches();
    }

    /// <summary>
    /// The host begins to stop. What lasts as long as the host ends here (watches, views, leaderships, waits for locks), because services
    /// that await it would hold up the stop.
    /// </summary>
    public void BeginStop()
    {
        // The token fires at once; the callbacks, which are the application's, run on the pool.
        _ = _stopping.CancelAsync();
        Interlocked.MemoryBarrier();
        EndWatches();
    }

    private void EndWatches() => TryHost?.Applier.Changes.Watches.End(Errors.Stopping, forGood: true);

    /// <summary>The replica, once it is open.</summary>
    /// <exception cref="Exception">What kept it from being opened.</exception>
    public ValueTask<LocalReplica> HostAsync(CancellationToken cancellationToken)
    {
        if (TryHost is { } host)
            return new ValueTask<LocalReplica>(host);
        var opening = Volatile.Read(ref _opening) ?? throw Absence();
        return new ValueTask<LocalReplica>(opening.WaitAsync(cancellationToken));
    }

    private Exception Absence() => IsOpening
        ? Errors.Opening()
        : Failure ?? new InvalidOperationException(
        "The replica is not running: it starts and stops with the host that AddRaftKv was called for. Start the host first.");
}
