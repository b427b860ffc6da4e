using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>
/// A new state for a quarantined node: it pulls a snapshot of the leader's that covers all it has applied, piece by piece, and applies its own log, which was never in doubt, from there. The core
/// does not take part: for it, nothing has happened.
/// </summary>
internal sealed partial class Replica
{
    /// <summary>A question without an answer is asked again; also how long a leader that is the odd one waits between attempts to hand over.</summary>
    private static readonly long SeedRetry = TimeSpan.FromMilliseconds(500).Ticks;

    private long _seedFrom;
    private (EntryId Last, long Offset) _seed;
    private long _seedAskedAt;
    private bool _seedLoading;

    private void Reseed()
    {
        if (_seedLoading || _context.Now.Ticks - _seedAskedAt < SeedRetry || _snapshots.IsBeingInstalled)
            return;
        if (_context.Leads)
        {
            _seedAskedAt = _context.Now.Ticks;
            _context.Step(new TransferRequested(_context.Now, _context.NextRequestId(), To: null));
        }
        else
        {
            AskForSeed();
        }
    }

    private void AskForSeed()
    {
        _seedAskedAt = _context.Now.Ticks;
        if (_context.Core!.LeaderId is { } leader && leader != _context.NodeId)
            _context.Transport.Send(leader, new SeedRequest(_seedFrom, _seed.Last, _seed.Offset));
    }

    /// <summary>On the leader.</summary>
    private void OnSeedRequest(string from, SeedRequest request)
    {
        if (!_context.Leads || _quarantine.IsActive || _context.Core!.Configuration.Find(from) is null)
            return;
        if (request.Last == default && _context.Core.SnapshotIndex < request.Covering)
        {
            // The one that asks has applied no more than is committed; it asks again when there is a snapshot.
            if (!_snapshots.IsBusy && _context.Applier.AppliedIndex >= request.Covering)
                _snapshots.Request();
            return;
        }
        _followerReads.LoadStatePiece(from, request);
    }

    /// <summary>On the quarantined node.</summary>
    private void OnSeedPiece(SeedPiece piece)
    {
        if (!_quarantine.IsActive || _seedLoading || _snapshots.IsBeingInstalled || piece.Offset != _seed.Offset || (_seed.Last != default && piece.Last != _seed.Last))
            return;
        if (piece.TotalBytes == 0 || piece.Last.Index < _seedFrom)
        {
            // The leader has no such snapshot any more.
            _seed = default;
            return;
        }
        _seedAskedAt = _context.Now.Ticks;
        _context.Dependencies.Snapshotter.Post(() =>
        {
            try
            {
                _context.Snapshots.BeginReceive(piece.Last, piece.TotalBytes);
                _context.Post(new SeedStored(piece.Last, _context.Snapshots.WriteChunk(piece.Last, piece.Offset, piece.Data.Span), piece.TotalBytes));
            }
            catch (RaftKvStorageException e) when (e.Error == RaftKvStorageError.DiskFull)
            {
                _context.Log.SnapshotFailed(_context.NodeId, piece.Last.Index, e.Message);
            }
        });
    }

    private void OnSeedStored(SeedStored stored)
    {
        if (!_quarantine.IsActive || _seedLoading)
            return;
        _seed = (stored.Last, stored.Next);
        if (stored.Next < stored.Total)
        {
            AskForSeed();
            return;
        }
        _seedLoading = true;
        var load = () => _context.Dependencies.Snapshotter.Post(() => LoadSeed(stored.Last));
        // The snapshot may be ahead of what this node has applied.
        if (!_context.Applier.Waiters.Add(stored.Last.Index, load, () => _context.Applier.AppliedIndex))
            load();
    }

    /// <summary>Snapshot thread.</summary>
    private void LoadSeed(EntryId last)
    {
        KvStateMachine restored;
        try
        {
            restored = StartupRecovery.LoadReceived(_context.Snapshots, last, _context.Identity.ClusterId, _context.Dependencies.Stores, _context.Dependencies.Ending);
        }
        catch (OperationCanceledException) when (_context.Dependencies.Ending.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e) when (e is InvalidOperationException or RaftKvStorageException { Error: RaftKvStorageError.Damaged })
        {
            _context.Post(new SeedLoaded(last, e));
            return;
        }
        // What this node wrote itself is of the copy that differs.
        _context.Snapshots.KeepOnly(last);
        _context.Applier.Submit(new ReplaceState(restored, () => _context.Post(new SeedLoaded(last, null))));
    }

    private void OnSeedLoaded(SeedLoaded loaded)
    {
        _seedLoading = false;
        _seed = default;
        if (loaded.Error is { } error)
            _context.Log.SnapshotRefused(_context.NodeId, loaded.Last.Index, "the leader", error.Message);
        else
            LeaveQuarantine(loaded.Last.Index);
    }

    private void LeaveQuarantine(long snapshot)
    {
        if (!_quarantine.IsActive)
            return;
        _quarantine.Reason = null;
        _seed = default;
        _context.Log.Reseeded(_context.NodeId, snapshot);
        _publisher.PublishNow();
    }
}
