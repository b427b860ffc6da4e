using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.StateMachine;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>
/// Replaces the state of a quarantined node. The node pulls a snapshot of the leader that covers all entries that it has applied, piece by
/// piece, and applies its own log, which is not in doubt, from there. The core takes no part. Holder of the turn, unless a member says
/// otherwise.
/// </summary>
internal sealed class StateTransfer(
    ReplicaContext context, QuarantineState quarantine, SnapshotCoordinator snapshots, SnapshotExchange exchange, StatusPublisher status)
{
    /// <summary>
    /// A question without an answer is asked again; also how long a leader whose copy differs waits between attempts to hand over.
    /// </summary>
    private static readonly long RetryInterval = TimeSpan.FromMilliseconds(500).Ticks;

    /// <summary>How long a node whose disk had no room for the new state waits before it asks again.</summary>
    private static readonly long NoRoomInterval = TimeSpan.FromSeconds(10).Ticks;

    private static readonly long CheckInterval = TimeSpan.FromMinutes(1).Ticks;

    private const int PieceBytes = 1024 * 1024;

    private long _covering;

    /// <summary>On the leader. The snapshot that a node has asked for from its beginning.</summary>
    private EntryId _asked;

    /// <summary>On the leader. When a snapshot that is asked for again may be checked again.</summary>
    private long _nextCheck;

    private (EntryId Last, long Offset) _received;
    private long _nextAttempt;
    private bool _isLoading;

    /// <summary>This node is quarantined from now on.</summary>
    public void Begin() => _covering = context.Applier.AppliedIndex;

    public void Sweep()
    {
        if (_isLoading || context.Now.Ticks < _nextAttempt || snapshots.IsBeingInstalled)
            return;
        if (context.Leads)
        {
            _nextAttempt = context.Now.Ticks + RetryInterval;
            context.Step(new TransferRequested(context.Now, context.NextRequestId(), To: null));
        }
        else
        {
            Ask();
        }
    }

    private void Ask()
    {
        _nextAttempt = context.Now.Ticks + RetryInterval;
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
            // The node that asks has applied no more than is committed; it asks again when there is a snapshot.
            if (!snapshots.IsBusy && context.Applier.AppliedIndex >= request.Covering)
                snapshots.Request();
            return;
        }
        if (request.Last == default)
            CheckIfAskedAgain(context.Core.SnapshotId);
        exchange.Read(request.Last, request.Offset, PieceBytes,
            piece => new ReplyWanted(from, new StatePiece(piece.Last, piece.TotalBytes, piece.Offset, piece.Data)));
    }

    /// <summary>
    /// A node that asks from the beginning again may have refused the snapshot, because it is damaged on this disk. The snapshot is checked
    /// once a minute at most, because the node also asks again when the first piece was lost or is still on its way.
    /// </summary>
    private void CheckIfAskedAgain(EntryId snapshot)
    {
        if (_asked == snapshot && context.Now.Ticks >= _nextCheck && snapshots.TryCheck(snapshot))
            _nextCheck = context.Now.Ticks + CheckInterval;
        _asked = snapshot;
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
        _nextAttempt = context.Now.Ticks + RetryInterval;
        exchange.Store(new SnapshotPiece(piece.Last, piece.TotalBytes, piece.Offset, piece.Data),
            next => new StatePieceStored(piece.Last, next, piece.TotalBytes));
    }

    public void OnStored(StatePieceStored stored)
    {
        if (!quarantine.IsActive || _isLoading)
            return;
        if (stored.Next < 0)
        {
            _received = default;
            WaitForRoom();
            return;
        }
        _received = (stored.Last, stored.Next);
        if (stored.Next < stored.Total)
        {
            Ask();
            return;
        }
        _isLoading = true;
        var last = stored.Last;
        var load = () =>
            exchange.Load(last, "the leader", restored => Replace(last, restored), e => context.Post(new StateLoaded(last, e)));
        // The snapshot may be ahead of what this node has applied: then loading waits for the applier.
        if (!context.Applier.Waiters.Add(last.Index, load, () => context.Applier.AppliedIndex))
            load();
    }

    /// <summary>Snapshot thread.</summary>
    private void Replace(EntryId last, KvStateMachine restored)
    {
        // The snapshots that this node wrote are of the copy that differs.
        context.Snapshots.KeepOnly(last);
        context.Applier.Submit(new ReplaceState(restored, () => context.Post(new StateLoaded(last, null))));
    }

    public void OnLoaded(StateLoaded loaded)
    {
        _isLoading = false;
        _received = default;
        if (loaded.Error is null)
            LeaveQuarantine(loaded.Last.Index);
        else if (loaded.Error is RaftKvStorageException { Error: RaftKvStorageError.DiskFull })
            WaitForRoom();
    }

    private void WaitForRoom()
    {
        _nextAttempt = context.Now.Ticks + NoRoomInterval;
        if (quarantine.TryReportNoRoom())
            status.PublishNow();
    }

    public void LeaveQuarantine(long snapshot)
    {
        if (!quarantine.IsActive)
            return;
        quarantine.End();
        _received = default;
        context.Log.CopyReplaced(context.NodeId, snapshot);
        status.PublishNow();
    }
}
