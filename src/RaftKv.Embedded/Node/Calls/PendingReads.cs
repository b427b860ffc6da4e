using RaftKv.Embedded.Consensus;

namespace RaftKv.Embedded.Node;

/// <summary>
/// The reads that wait until this node's copy is fresh enough. All readers between two turns share one batch, and each batch is in one of
/// the lists below, which say what it waits for.
/// Holder of the turn, unless a member says otherwise.
/// </summary>
internal sealed class PendingReads(ReplicaContext context, QuarantineState quarantine, CallRefusals refusals, CopyFreshness freshness)
{
    private static readonly long ProbeInterval = TimeSpan.FromSeconds(1).Ticks;

    private readonly Lock _openGate = new();

    /// <summary>Batches that readers may still join, by whether they may end stale.</summary>
    private ReadBatch? _open;
    private ReadBatch? _openStale;

    /// <summary>Batches that wait for a leader, or for the next request of a read index.</summary>
    private readonly List<ReadBatch> _waiting = [];

    /// <summary>Batches that are being asked for in this turn.</summary>
    private readonly List<ReadBatch> _asking = [];

    /// <summary>Batches whose read index was asked for, by the id of the request.</summary>
    private readonly Dictionary<long, ReadBatch> _asked = [];

    /// <summary>Batches whose request failed; it is repeated.</summary>
    private readonly List<ReadBatch> _failed = [];

    /// <summary>Batches whose read index is not applied here.</summary>
    private readonly List<ReadBatch> _applying = [];

    /// <summary>A read of the replica's own, which proves how old the copy is.</summary>
    private ReadBatch? _probe;
    private long _nextProbe;
    private long _leaseAskedAt = long.MinValue / 2;

    /// <summary>No batch waits for its read index.</summary>
    public bool IsIdle => _asked.Count == 0;

    /// <summary>Callers wait for reads that were taken; completed ones are swept out.</summary>
    public bool AreUnderWay => All.Any(b => b != _probe && !b.IsCompleted);

    private IEnumerable<ReadBatch> All => _asked.Values.Concat(_waiting).Concat(_asking).Concat(_failed).Concat(_applying);

    /// <summary>Any thread. The batch of reads that goes with the next read index.</summary>
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
            _waiting.Add(batch);
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
        if (_waiting.Count == 0)
            return;
        _asking.AddRange(_waiting);
        _waiting.Clear();
        // One id for each batch, one event each: batches are few, since all readers between two turns share one.
        foreach (var batch in _asking)
        {
            batch.Id = context.NextRequestId();
            batch.AskedAt = context.Now.Ticks;
            _asked.Add(batch.Id, batch);
            context.Step(new ReadRequested(context.Now, batch.Id));
        }
        _asking.Clear();
    }

    public void OnReady(ReadReady ready)
    {
        if (!_asked.Remove(ready.Id, out var batch))
            return;
        batch.Index = ready.Index;
        // The common case: no write is under way, and there is nothing to wait for.
        if (context.Applier.AppliedIndex >= ready.Index)
            Complete(batch);
        else
            CompleteWhenApplied(batch);
    }

    public void OnFailed(ReadFailed failed)
    {
        if (_asked.Remove(failed.Id, out var batch))
            _failed.Add(batch);
    }

    /// <summary>Requests that failed are repeated with the next turn.</summary>
    public void Retry()
    {
        _waiting.AddRange(_failed);
        _failed.Clear();
    }

    public void Sweep()
    {
        Retry();
        _applying.RemoveAll(b => b.IsCompleted || Expired(b));
        _waiting.RemoveAll(Expired);
        foreach (var (id, batch) in _asked)
        {
            if (Expired(batch))
                _asked.Remove(id);
        }
        if (_probe is { IsCompleted: true })
            _probe = null;
    }

    public void FailAll(Exception reason)
    {
        foreach (var batch in All)
            batch.Fail(reason);
        _asking.Clear();
        _asked.Clear();
        _waiting.Clear();
        _failed.Clear();
        _applying.Clear();
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
        _waiting.Add(_probe);
    }

    private void CompleteWhenApplied(ReadBatch batch)
    {
        if (context.Applier.Waiters.Add(batch.Index, () => Complete(batch), () => context.Applier.AppliedIndex))
            _applying.Add(batch);
        else
            Complete(batch);
    }

    /// <summary>Holder of the turn, or the applier.</summary>
    private void Complete(ReadBatch batch)
    {
        freshness.Record(batch);
        batch.Complete();
    }

    private bool MayEndStale(ReadBatch batch) => batch.MayBeStale && freshness.ServesWithoutLeader;

    private bool Expired(ReadBatch batch)
    {
        if (MayEndStale(batch))
        {
            batch.CompleteStale();
            return true;
        }
        if (batch.Deadline > context.Now.Ticks)
            return false;
        batch.Fail(batch.Index >= 0 ? Errors.ApplyBehind(context.Options.RequestTimeout) : refusals.Unavailable());
        return true;
    }
}
