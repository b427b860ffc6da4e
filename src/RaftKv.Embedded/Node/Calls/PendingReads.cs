using System.Diagnostics.CodeAnalysis;
using RaftKv.Embedded.Consensus;

namespace RaftKv.Embedded.Node;

/// <summary>
/// The reads that wait until this node's copy is fresh enough. All readers between two turns share one batch. Each batch has one
/// <see cref="ReadBatchState"/>. Holder of the turn, unless a member says otherwise.
/// </summary>
internal sealed class PendingReads(ReplicaContext context, QuarantineState quarantine, CallRefusals refusals, CopyFreshness freshness)
{
    private static readonly long ProbeInterval = TimeSpan.FromSeconds(1).Ticks;

    private readonly Lock _openGate = new();

    /// <summary>Batches that readers may still join, by whether they may end stale.</summary>
    private ReadBatch? _open;
    private ReadBatch? _openStale;

    /// <summary>Batches without a request: <see cref="ReadBatchState.Waiting"/>.</summary>
    private readonly Queue<ReadBatch> _waiting = new();

    /// <summary>Batches in every other state, by the id of their newest request.</summary>
    private readonly Dictionary<long, ReadBatch> _requested = [];

    /// <summary>How many batches are <see cref="ReadBatchState.Asked"/>.</summary>
    private int _asked;

    /// <summary>A read of the replica's own, which proves how old the copy is.</summary>
    private ReadBatch? _probe;
    private long _nextProbe;
    private long _leaseAskedAt = long.MinValue / 2;

    /// <summary>No batch waits for its read index.</summary>
    public bool IsIdle => _asked == 0;

    /// <summary>Callers wait for reads that were taken.</summary>
    public bool AreUnderWay => All.Any(b => b != _probe && !b.IsCompleted);

    private IEnumerable<ReadBatch> All => _requested.Values.Concat(_waiting);

    /// <summary>Any thread. The batch of reads that the next read index serves.</summary>
    /// <param name="isNew">No other reader has joined it: the caller posts it.</param>
    /// <param name="mayBeStale">Whether the batch also ends when the node serves reads without a leader.</param>
    public ReadBatch Join(out bool isNew, bool mayBeStale)
    {
        lock (_openGate)
        {
            ref var open = ref mayBeStale ? ref _openStale : ref _open;
            isNew = open is null;
            var batch = open ??= new ReadBatch(context.Clock.Ticks + context.Options.RequestTimeout.Ticks) { MayBeStale = mayBeStale };
            batch.Readers++;
            return batch;
        }
    }

    /// <summary>Any thread. Asks for the lease that leader-lease reads need; cheap to repeat.</summary>
    public void WantLease()
    {
        var now = context.Clock.Ticks;
        var asked = Volatile.Read(ref _leaseAskedAt);
        if (now - asked > TimeSpan.TicksPerSecond && Interlocked.CompareExchange(ref _leaseAskedAt, now, asked) == asked)
            context.Post(new LeaseReadsWanted());
    }

    public void Take(ReadBatch batch)
    {
        context.LastBatch = CloseToReaders(batch);
        if (refusals.OfAllCalls() is { } refusal)
            batch.Fail(refusal);
        else if (context.Core is null && context.IsAlone)
            batch.Complete();
        else if (MayEndStale(batch))
            batch.CompleteStale();
        else
            _waiting.Enqueue(batch);
    }

    /// <summary>Holder of the turn, or any thread once there are no more turns. Fails a batch that comes too late.</summary>
    public void Refuse(ReadBatch batch, Exception refusal)
    {
        CloseToReaders(batch);
        batch.Fail(refusal);
    }

    /// <summary>Asks for the read indexes of all batches that wait.</summary>
    public void Ask()
    {
        if (!context.KnowsLeader)
            return;
        ProbeFreshness();
        // One id for each batch, one event each: batches are few, since all readers between two turns share one.
        while (_waiting.TryDequeue(out var batch))
        {
            batch.Id = context.NextRequestId();
            batch.AskedAt = context.Now.Ticks;
            _requested.Add(batch.Id, batch);
            Enter(batch, ReadBatchState.Asked);
            context.Step(new ReadRequested(context.Now, batch.Id));
        }
    }

    public void OnReady(ReadReady ready)
    {
        if (!TryFindAsked(ready.Id, out var batch))
            return;
        batch.Index = ready.Index;
        Enter(batch, ReadBatchState.Applying);
        // The common case: no write is under way, and there is nothing to wait for.
        if (context.Applier.AppliedIndex >= ready.Index || !CompletesWhenApplied(batch))
        {
            _requested.Remove(batch.Id);
            Enter(batch, ReadBatchState.Ended);
            Complete(batch);
        }
    }

    public void OnFailed(ReadFailed failed)
    {
        if (TryFindAsked(failed.Id, out var batch))
            Enter(batch, ReadBatchState.Failed);
    }

    /// <summary>Requests that failed are repeated with the next turn.</summary>
    public void Retry()
    {
        if (_requested.Count == _asked)
            return;
        foreach (var batch in _requested.Values.Where(b => b.State == ReadBatchState.Failed).OrderBy(b => b.Id).ToArray())
        {
            _requested.Remove(batch.Id);
            Enter(batch, ReadBatchState.Waiting);
            _waiting.Enqueue(batch);
        }
    }

    public void Sweep()
    {
        Retry();
        foreach (var (id, batch) in _requested)
        {
            if (!batch.IsCompleted && !Expired(batch))
                continue;
            _requested.Remove(id);
            Enter(batch, ReadBatchState.Ended);
        }
        for (var left = _waiting.Count; left > 0; left--)
        {
            var batch = _waiting.Dequeue();
            if (!Expired(batch))
                _waiting.Enqueue(batch);
        }
        if (_probe is { IsCompleted: true })
            _probe = null;
    }

    public void FailAll(Exception reason)
    {
        foreach (var batch in All)
        {
            Enter(batch, ReadBatchState.Ended);
            batch.Fail(reason);
        }
        _requested.Clear();
        _waiting.Clear();
    }

    /// <summary>Later readers need a read index of their own. Returns how many readers the batch has.</summary>
    private int CloseToReaders(ReadBatch batch)
    {
        lock (_openGate)
        {
            if (_open == batch)
                _open = null;
            if (_openStale == batch)
                _openStale = null;
            return batch.Readers;
        }
    }

    /// <summary>Adds a read of the replica's own when one is due: the first one after the start tells whether it has caught up.</summary>
    private void ProbeFreshness()
    {
        if (_probe is not null || quarantine.IsActive || (!freshness.MustCatchUp && context.Now.Ticks < _nextProbe))
            return;
        var interval = freshness.IsAgeWanted(context.Now.Ticks) ? context.Options.HeartbeatInterval.Ticks : ProbeInterval;
        _nextProbe = context.Now.Ticks + interval;
        _probe = new ReadBatch(context.Now.Ticks + context.Options.RequestTimeout.Ticks);
        _waiting.Enqueue(_probe);
    }

    private bool TryFindAsked(long id, [NotNullWhen(true)] out ReadBatch? batch) =>
        _requested.TryGetValue(id, out batch) && batch.State == ReadBatchState.Asked;

    private void Enter(ReadBatch batch, ReadBatchState state)
    {
        _asked += (state == ReadBatchState.Asked ? 1 : 0) - (batch.State == ReadBatchState.Asked ? 1 : 0);
        batch.State = state;
    }

    /// <summary>Has the applier complete the batch; <c>false</c> when its read index is applied already.</summary>
    private bool CompletesWhenApplied(ReadBatch batch)
    {
        batch.Applied = () => Complete(batch);
        return context.Applier.Waiters.Add(batch.Index, batch.Applied, () => context.Applier.AppliedIndex);
    }

    /// <summary>Holder of the turn, or the applier.</summary>
    private void Complete(ReadBatch batch)
    {
        freshness.Record(batch);
        batch.Complete();
    }

    /// <summary>The applier, which may stand still for hours while its disk is full, keeps no reader that has gone.</summary>
    private void StopWaiting(ReadBatch batch)
    {
        if (batch is { State: ReadBatchState.Applying, Applied: { } applied })
            context.Applier.Waiters.Remove(applied);
    }

    private bool MayEndStale(ReadBatch batch) => batch.MayBeStale && freshness.ServesWithoutLeader;

    private bool Expired(ReadBatch batch)
    {
        if (MayEndStale(batch))
        {
            StopWaiting(batch);
            batch.CompleteStale();
            return true;
        }
        if (batch.Deadline > context.Now.Ticks)
            return false;
        StopWaiting(batch);
        batch.Fail(batch.State == ReadBatchState.Applying ? Errors.ApplyBehind(context.Options.RequestTimeout) : refusals.Unavailable());
        return true;
    }
}
