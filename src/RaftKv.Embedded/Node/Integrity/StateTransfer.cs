using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>
/// A new state for a quarantined node: it pulls a snapshot of the leader's that covers all it has applied, piece by piece, and applies its
/// own log, which was never in doubt, from there. The core
/// does not take part: for it, nothing has happened.
/// </summary>
internal sealed class StateTransfer(
    ReplicaContext context, QuarantineState quarantine, SnapshotCoordinator snapshots, FollowerReads followerReads, StatusPublisher status)
{
    /// <summary>
    /// A question without an answer is asked again; also how long a leader that is the odd one waits between attempts to hand over.
    /// </summary>
    private static readonly long RetryInterval = TimeSpan.FromMilliseconds(500).Ticks;

    private long _covering;
    private (EntryId Last, long Offset) _received;
    private long _askedAt;
    private bool _isLoading;

    /// <summary>This node is quarantined from now on.</summary>
    public void Begin() => _covering = context.Applier.AppliedIndex;

    public void Sweep()
    {
        if (_isLoading || context.Now.Ticks - _askedAt < RetryInterval || snapshots.IsBeingInstalled)
            return;
        if (context.Leads)
        {
            _askedAt = context.Now.Ticks;
            context.Step(new TransferRequested(context.Now, context.NextRequestId(), To: null));
        }
        else
        {
            Ask();
        }
    }

    private void Ask()
    {
        _askedAt = context.Now.Ticks;
        if (context.Core!.LeaderId is { } leader && leader != context.NodeId)
            context.Transport.Send(leader, new StateRequest(_covering, _received.Last, _received.Offset));
    }

    /// <summary>On the leader.</summary>
    public void OnRequest(string from, StateRequest request)
    {
        if (!context.Leads || quarantine.IsActive || context.Core!.Configuration.Find(from) is null)
            return;
        if (request.Last == default && context.Core.SnapshotIndex < request.Covering)
        {
            // The one that asks has applied no more than is committed; it asks again when there is a snapshot.
            if (!snapshots.IsBusy && context.Applier.AppliedIndex >= request.Covering)
                snapshots.Request();
            return;
        }
        followerReads.LoadStatePiece(from, request);
    }

    /// <summary>On the quarantined node.</summary>
    public void OnPiece(StatePiece piece)
    {
        if (!quarantine.IsActive || _isLoading || snapshots.IsBeingInstalled || piece.Offset != _received.Offset
            || (_received.Last != default && piece.Last != _received.Last))
            return;
        if (piece.TotalBytes == 0 || piece.Last.Index < _covering)
        {
            // The leader has no such snapshot any more.
            _received = default;
            return;
        }
        _askedAt = context.Now.Ticks;
        context.Dependencies.Snapshotter.Post(() =>
        {
            try
            {
                context.Snapshots.BeginReceive(piece.Last, piece.TotalBytes);
                context.Post(new StatePieceStored(piece.Last, context.Snapshots.WriteChunk(piece.Last, piece.Offset, piece.Data.Span),
                    piece.TotalBytes));
            }
            catch (RaftKvStorageException e) when (e.Error == RaftKvStorageError.DiskFull)
            {
                context.Log.SnapshotFailed(context.NodeId, piece.Last.Index, e.Message);
            }
        });
    }

    public void OnStored(StatePieceStored stored)
    {
        if (!quarantine.IsActive || _isLoading)
            return;
        _received = (stored.Last, stored.Next);
        if (stored.Next < stored.Total)
        {
            Ask();
            return;
        }
        _isLoading = true;
        var load = () => context.Dependencies.Snapshotter.Post(() => Load(stored.Last));
        // The snapshot may be ahead of what this node has applied.
        if (!context.Applier.Waiters.Add(stored.Last.Index, load, () => context.Applier.AppliedIndex))
            load();
    }

    /// <summary>Snapshot thread.</summary>
    private void Load(EntryId last)
    {
        KvStateMachine restored;
        try
        {
            restored = StartupRecovery.LoadReceived(context.Snapshots, last, context.Identity.ClusterId, context.Dependencies.Stores,
                context.Dependencies.ShutdownToken);
        }
        catch (OperationCanceledException) when (context.Dependencies.ShutdownToken.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e) when (e is InvalidOperationException or RaftKvStorageException { Error: RaftKvStorageError.Damaged })
        {
            context.Post(new StateLoaded(last, e));
            return;
        }
        // What this node wrote itself is of the copy that differs.
        context.Snapshots.KeepOnly(last);
        context.Applier.Submit(new ReplaceState(restored, () => context.Post(new StateLoaded(last, null))));
    }

    public void OnLoaded(StateLoaded loaded)
    {
        _isLoading = false;
        _received = default;
        if (loaded.Error is { } error)
            context.Log.SnapshotRefused(context.NodeId, loaded.Last.Index, "the leader", error.Message);
        else
            LeaveQuarantine(loaded.Last.Index);
    }

    public void LeaveQuarantine(long snapshot)
    {
        if (!quarantine.IsActive)
            return;
        quarantine.Reason = null;
        _received = default;
        context.Log.Reseeded(context.NodeId, snapshot);
        status.PublishNow();
    }
}
