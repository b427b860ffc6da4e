using RaftKv.Embedded.Log;
using RaftKv.Embedded.Node;

namespace RaftKv.Embedded.Client;

/// <summary>
/// Where the clients find the replica: it exists only between the host's start and stop. Opening it takes the longer the more data there
/// is; a call that is made meanwhile waits for it, and its own timeout begins afterwards.
/// </summary>
internal sealed class ReplicaAccess
{
    private readonly CancellationTokenSource _stopping = new();
    private LocalReplica? _host;
    private Task<LocalReplica>? _opening;

    /// <summary>The replica, for calls that must not wait until it is open.</summary>
    /// <exception cref="RaftKvUnavailableException">The replica is still being opened.</exception>
    /// <exception cref="InvalidOperationException">The host was not started.</exception>
    public LocalReplica Host => TryHost ?? throw Absence();

    /// <summary><c>null</c> while the replica is not open.</summary>
    public LocalReplica? TryHost => Volatile.Read(ref _host);

    /// <summary>Whether the replica is being opened.</summary>
    public bool IsOpening => TryHost is null && Volatile.Read(ref _opening) is { IsCompleted: false };

    /// <summary>Why the replica could not be opened; <c>null</c> when it was opened, or still may be.</summary>
    public Exception? Failure => Volatile.Read(ref _opening) is { IsFaulted: true, Exception: { } e } ? e.InnerException : null;

    /// <summary>From now on calls wait for this task.</summary>
    public void SetOpening(Task<LocalReplica> opening) => Volatile.Write(ref _opening, opening);

    /// <summary>The limits of the cluster; while the replica is not open, those of the node's own options.</summary>
    public ClusterLimits Limits(RaftKvOptions options) => Volatile.Read(ref _host)?.Replica.Limits ?? ClusterLimits.Of(options);

    /// <summary>Fires when the host begins to stop. Calls are served until the services of the host have stopped.</summary>
    public CancellationToken Stopping => _stopping.Token;

    public void Set(LocalReplica host)
    {
        Interlocked.Exchange(ref _host, host);
        if (Stopping.IsCancellationRequested)
            EndWatches();
    }

    /// <summary>
    /// The host begins to stop. Ends the calls that last as long as the host (watches, views, leaderships, waits for locks), because
    /// services that await them would delay the stop.
    /// </summary>
    public void BeginStop()
    {
        // The token fires at once; its callbacks, which belong to the application, run on the pool.
        _ = _stopping.CancelAsync();
        Interlocked.MemoryBarrier();
        EndWatches();
    }

    private void EndWatches() => TryHost?.Applier.Changes.Watches.End(Errors.Stopping, forGood: true);

    /// <summary>The replica, once it is open.</summary>
    /// <exception cref="Exception">The error that kept the replica from being opened.</exception>
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
