using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Node;

/// <summary>The replica of this process, as its clients use it, whatever disk, network and threads it has.</summary>
internal abstract class LocalReplica(RaftKvOptions options, ReplicaClock clock) : IDisposable, IAsyncDisposable
{
    private volatile bool _hasEnded;

    public Replica Replica => Assembly.Replica;

    public Applier Applier => Assembly.Applier;

    public Telemetry Telemetry { get; protected init; } = null!;

    public ReplicaClock Clock { get; } = clock;

    /// <summary>The index up to which this node applies its log at its start, without a leader.</summary>
    public long RecoveredIndex { get; protected init; }

    /// <summary>Whether the replica has ended: nothing can be read any more.</summary>
    public bool HasEnded => _hasEnded;

    protected ReplicaAssembly Assembly { get; init; } = null!;

    /// <summary>Starts it. Returns at once: bootstrapping, electing and catching up go on in the background.</summary>
    public abstract void Start();

    /// <summary>A leader hands over, within the hand-over timeout or the token's; calls are served on.</summary>
    public abstract Task HandOverAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Hands over and stops. It stops once, however often and from how many threads it is asked to: each call completes when the stop
    /// is complete. It is bounded by the hand-over timeout, or the earliest cancellation of the callers, and a few seconds for all threads
    /// together.
    /// </summary>
    public abstract Task StopAsync(CancellationToken cancellationToken);

    /// <summary>Ends at once, or hurries the stop that has begun, and waits for its end.</summary>
    public abstract ValueTask DisposeAsync();

    /// <inheritdoc cref="DisposeAsync"/>
    public abstract void Dispose();

    /// <summary>Any thread. The batch of reads that the next read index serves.</summary>
    /// <param name="mayBeStale">Whether the batch also ends when the node serves reads without a leader.</param>
    public virtual ReadBatch JoinReads(bool mayBeStale = false)
    {
        var batch = Replica.JoinReads(out var isNew, mayBeStale);
        if (isNew)
            Post(batch);
        return batch;
    }

    /// <summary>Any thread. Gives the replica a read or a write, and may take a turn for it on the calling thread.</summary>
    public virtual void Post(ReplicaInput input) => Replica.Turns.PostFromCaller(input);

    /// <summary>Any thread. Gives the replica a request of an operator.</summary>
    public virtual void PostRequest(ReplicaInput input) => Replica.Post(input);

    /// <summary>Any thread. Has the applier do something between two entries.</summary>
    public virtual void Submit(BetweenEntries task) => Applier.Submit(task);

    /// <inheritdoc cref="ExpiryScheduler.RecordAccess"/>
    public virtual void RecordAccess(ReadOnlySpan<byte> key, long version, long expiresAtMs, long slidingMs) =>
        Replica.RecordAccess(key, version, expiresAtMs, slidingMs);

    /// <summary>Waits until this node has applied an entry, at most as long as a call may wait.</summary>
    /// <exception cref="RaftKvUnavailableException">
    /// The entry was not applied within <see cref="RaftKvOptions.RequestTimeout"/>.
    /// </exception>
    public async Task WaitAppliedAsync(long index, CancellationToken cancellationToken)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Action callback = () => reached.TrySetResult();
        if (!Applier.Waiters.Add(index, callback, () => Applier.AppliedIndex))
            return;
        try
        {
            await reached.Task.WaitAsync(options.RequestTimeout, Clock.Provider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw Errors.ApplyBehind(options.RequestTimeout);
        }
        finally
        {
            Applier.Waiters.Remove(callback);
        }
    }

    /// <summary>Copies the newest snapshot if it covers an entry; <c>null</c> if there is none that does.</summary>
    public abstract Task<RaftKvBackupInfo?> TryCopySnapshotAsync(
        long coveringIndex, Stream destination, CancellationToken cancellationToken);

    /// <summary>From now on nothing can be read.</summary>
    protected void MarkEnded() => _hasEnded = true;
}
