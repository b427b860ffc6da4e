using RaftKv.Embedded.Consensus;

namespace RaftKv.Embedded.Node;

internal sealed partial class Replica
{
    private static readonly long ProbeInterval = TimeSpan.FromSeconds(1).Ticks;

    private ReadBatch? _probe;
    private long _nextProbe;
    private readonly Dictionary<long, ReadBatch> _asked = [];
    private readonly List<ReadBatch> _waitingReads = [];
    private readonly List<ReadBatch> _readScratch = [];
    private readonly object _openGate = new();
    private ReadBatch? _open;
    private ReadBatch? _openStale;

    /// <summary>Any thread. The batch of reads that goes with the next read index.</summary>
    /// <param name="isNew">Nobody has joined it yet: the caller posts it.</param>
    /// <param name="mayBeStale">Whether the batch also ends when the node serves reads without a leader.</param>
    public ReadBatch JoinReads(out bool isNew, bool mayBeStale = false)
    {
        lock (_openGate)
        {
            ref var open = ref mayBeStale ? ref _openStale : ref _open;
            isNew = open is null;
            var batch = open ??= new ReadBatch(_context.Clock.Ticks + _context.Options.RequestTimeout.Ticks) { MayBeStale = mayBeStale };
            batch.Readers++;
            return batch;
        }
    }

    /// <summary>Any thread. Asks for the lease that leader-lease reads stand on; cheap to repeat.</summary>
    public void WantLease()
    {
        var now = _context.Clock.Ticks;
        var asked = Volatile.Read(ref _leaseAskedAt);
        if (now - asked > TimeSpan.TicksPerSecond && Interlocked.CompareExchange(ref _leaseAskedAt, now, asked) == asked)
            _context.Post(new LeaseReadsWanted());
    }

    private long _leaseAskedAt = long.MinValue / 2;

    private void TakeReads(ReadBatch batch)
    {
        lock (_openGate)
        {
            // Whoever comes now needs a read index of its own.
            if (_open == batch)
                _open = null;
            if (_openStale == batch)
                _openStale = null;
            _context.LastBatch = batch.Readers;
        }
        if (_refusals.OfAllCalls() is { } refusal)
            batch.Fail(refusal);
        else if (_context.Core is null && _context.IsAlone)
            batch.Complete();
        else if (MayEndStale(batch))
            batch.CompleteStale();
        else
            _waitingReads.Add(batch);
    }

    private void AskForReads()
    {
        if (!_context.KnowsLeader)
            return;
        ProbeFreshness();
        if (_waitingReads.Count == 0)
            return;
        _readScratch.AddRange(_waitingReads);
        _waitingReads.Clear();
        // One id for each batch, one event each: batches are few, since all readers between two turns share one.
        foreach (var batch in _readScratch)
        {
            batch.Id = _context.NextRequestId();
            batch.AskedAt = _context.Now.Ticks;
            _asked.Add(batch.Id, batch);
            _context.Step(new ReadRequested(_context.Now, batch.Id));
        }
        _readScratch.Clear();
    }

    /// <summary>Adds a read of the replica's own when one is due: the first one after the start tells whether it has caught up.</summary>
    private void ProbeFreshness()
    {
        if (_probe is not null || _quarantine.IsActive || (!_freshness.MustCatchUp && _context.Now.Ticks < _nextProbe))
            return;
        _nextProbe = _context.Now.Ticks + (_freshness.IsAgeWanted(_context.Now.Ticks) ? _context.Options.HeartbeatInterval.Ticks : ProbeInterval);
        _probe = new ReadBatch(_context.Now.Ticks + _context.Options.RequestTimeout.Ticks);
        _waitingReads.Add(_probe);
    }

    private void OnReadReady(ReadReady ready)
    {
        if (!_asked.Remove(ready.Id, out var batch))
            return;
        batch.Index = ready.Index;
        // Mostly nobody writes, and there is nothing to wait for.
        if (_context.Applier.AppliedIndex >= ready.Index)
            CompleteReads(batch);
        else
            CompleteWhenApplied(batch);
    }

    private void CompleteWhenApplied(ReadBatch batch)
    {
        if (_context.Applier.Waiters.Add(batch.Index, () => CompleteReads(batch), () => _context.Applier.AppliedIndex))
            _waitingForApply.Add(batch);
        else
            CompleteReads(batch);
    }

    private readonly List<ReadBatch> _waitingForApply = [];

    /// <summary>Whether callers wait for reads that were taken; finished ones are swept out.</summary>
    private bool ReadsAreUnderWay => _asked.Values.Concat(_waitingReads).Concat(_failedReads).Concat(_waitingForApply).Any(b => b != _probe && !b.IsCompleted);

    /// <summary>Replica or applier thread.</summary>
    private void CompleteReads(ReadBatch batch)
    {
        _freshness.Record(batch);
        batch.Complete();
    }

    private void OnReadFailed(ReadFailed failed)
    {
        if (_asked.Remove(failed.Id, out var batch))
            _failedReads.Add(batch);
    }

    private readonly List<ReadBatch> _failedReads = [];

    private void RetryReads()
    {
        _waitingReads.AddRange(_failedReads);
        _failedReads.Clear();
    }

    private void SweepReads()
    {
        RetryReads();
        _waitingForApply.RemoveAll(b => b.IsCompleted || Expired(b));
        _waitingReads.RemoveAll(Expired);
        foreach (var (id, batch) in _asked)
        {
            if (Expired(batch))
                _asked.Remove(id);
        }
        if (_probe is { IsCompleted: true })
            _probe = null;
    }

    private bool MayEndStale(ReadBatch batch) => batch.MayBeStale && _freshness.ServesWithoutLeader;

    private bool Expired(ReadBatch batch)
    {
        if (MayEndStale(batch))
        {
            batch.CompleteStale();
            return true;
        }
        if (batch.Deadline > _context.Now.Ticks)
            return false;
        batch.Fail(batch.Index >= 0 ? Errors.ApplyBehind(_context.Options.RequestTimeout) : _refusals.Unavailable());
        return true;
    }
}
