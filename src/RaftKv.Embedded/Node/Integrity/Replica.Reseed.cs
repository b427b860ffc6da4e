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
    private const int SeedPieceBytes = 1024 * 1024;

    /// <summary>A question without an answer is asked again; also how long a leader that is the odd one waits between attempts to hand over.</summary>
    private static readonly long SeedRetry = TimeSpan.FromMilliseconds(500).Ticks;

    /// <summary>How long after a piece of a snapshot for the log no piece of a snapshot for the quarantined state is asked for or taken.</summary>
    private static readonly long InstallPriority = TimeSpan.FromSeconds(10).Ticks;

    private long _installPieceAt;
    private long _seedFrom;
    private (EntryId Last, long Offset) _seed;
    private long _seedAskedAt;
    private bool _seedLoading;

    private void Reseed()
    {
        if (_seedLoading || _now.Ticks - _seedAskedAt < SeedRetry || IsBeingInstalled)
            return;
        if (Leads)
        {
            _seedAskedAt = _now.Ticks;
            Step(new TransferRequested(_now, ++_nextRequestId, To: null));
        }
        else
        {
            AskForSeed();
        }
    }

    /// <summary>A snapshot that the leader sends through the log replaces the state as well. One snapshot is received at a time, and that one goes first.</summary>
    private bool IsBeingInstalled => _installPieceAt != 0 && _now.Ticks - _installPieceAt < InstallPriority;

    private void AskForSeed()
    {
        _seedAskedAt = _now.Ticks;
        if (_core!.LeaderId is { } leader && leader != _options.NodeId)
            _parts.Transport.Send(leader, new SeedRequest(_seedFrom, _seed.Last, _seed.Offset));
    }

    /// <summary>On the leader.</summary>
    private void OnSeedRequest(string from, SeedRequest request)
    {
        if (!Leads || _quarantine is not null || _core!.Configuration.Find(from) is null)
            return;
        if (request.Last == default && _core.SnapshotIndex < request.Covering)
        {
            // The one that asks has applied no more than is committed; it asks again when there is a snapshot.
            if (!_snapshotBusy && _parts.Applier.AppliedIndex >= request.Covering)
                OnSnapshotWanted(new SnapshotWanted(new TaskCompletionSource<KvVersion>()));
            return;
        }
        _parts.Reader.Post(() =>
        {
            var last = request.Last != default ? request.Last : _parts.Snapshots.List() is [var newest, ..] ? newest.Last : default;
            var buffer = new byte[SeedPieceBytes];
            var count = _parts.Snapshots.ReadChunk(last, request.Offset, buffer, out var total);
            Post(new ReplyWanted(from, new SeedPiece(last, total, request.Offset, buffer.AsMemory(0, count))));
        });
    }

    /// <summary>On the quarantined node.</summary>
    private void OnSeedPiece(SeedPiece piece)
    {
        if (_quarantine is null || _seedLoading || IsBeingInstalled || piece.Offset != _seed.Offset || (_seed.Last != default && piece.Last != _seed.Last))
            return;
        if (piece.TotalBytes == 0 || piece.Last.Index < _seedFrom)
        {
            // The leader has no such snapshot any more.
            _seed = default;
            return;
        }
        _seedAskedAt = _now.Ticks;
        _parts.Snapshotter.Post(() =>
        {
            try
            {
                _parts.Snapshots.BeginReceive(piece.Last, piece.TotalBytes);
                Post(new SeedStored(piece.Last, _parts.Snapshots.WriteChunk(piece.Last, piece.Offset, piece.Data.Span), piece.TotalBytes));
            }
            catch (RaftKvStorageException e) when (e.Error == RaftKvStorageError.DiskFull)
            {
                _log.SnapshotFailed(_options.NodeId, piece.Last.Index, e.Message);
            }
        });
    }

    private void OnSeedStored(SeedStored stored)
    {
        if (_quarantine is null || _seedLoading)
            return;
        _seed = (stored.Last, stored.Next);
        if (stored.Next < stored.Total)
        {
            AskForSeed();
            return;
        }
        _seedLoading = true;
        var load = () => _parts.Snapshotter.Post(() => LoadSeed(stored.Last));
        // The snapshot may be ahead of what this node has applied.
        if (!_parts.Applier.Waiters.Add(stored.Last.Index, load, () => _parts.Applier.AppliedIndex))
            load();
    }

    /// <summary>Snapshot thread.</summary>
    private void LoadSeed(EntryId last)
    {
        KvStateMachine restored;
        try
        {
            restored = StartupRecovery.LoadReceived(_parts.Snapshots, last, _parts.Identity.ClusterId, _parts.Stores, _parts.Ending);
        }
        catch (OperationCanceledException) when (_parts.Ending.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e) when (e is InvalidOperationException or RaftKvStorageException { Error: RaftKvStorageError.Damaged })
        {
            Post(new SeedLoaded(last, e));
            return;
        }
        // What this node wrote itself is of the copy that differs.
        _parts.Snapshots.KeepOnly(last);
        _parts.Applier.Submit(new ReplaceState(restored, () => Post(new SeedLoaded(last, null))));
    }

    private void OnSeedLoaded(SeedLoaded loaded)
    {
        _seedLoading = false;
        _seed = default;
        if (loaded.Error is { } error)
            _log.SnapshotRefused(_options.NodeId, loaded.Last.Index, "the leader", error.Message);
        else
            LeaveQuarantine(loaded.Last.Index);
    }

    private void LeaveQuarantine(long snapshot)
    {
        if (_quarantine is null)
            return;
        _quarantine = null;
        _seed = default;
        _log.Reseeded(_options.NodeId, snapshot);
        PublishNow();
    }
}
