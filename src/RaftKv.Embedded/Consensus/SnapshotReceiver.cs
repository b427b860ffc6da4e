using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Consensus;

/// <summary>
/// The follower's side of snapshots (Raft §7, dissertation §5). The pieces and the installation go on while the leader changes, because
/// the disk works on them.
/// </summary>
internal sealed class SnapshotReceiver(ReplicaState replica, RoleState roles, OwnMembership membership)
{
    /// <summary>Pieces that the disk has not answered.</summary>
    private readonly WaitingPieces _waitingPieces = new();

    /// <summary>The snapshot whose pieces are coming in.</summary>
    private IncomingSnapshot? _incoming;

    /// <summary>The snapshot that is being loaded. Meanwhile the log and the commit index stand still.</summary>
    private EntryId? _installing;

    /// <inheritdoc cref="_installing"/>
    public bool IsInstalling => _installing is not null;

    /// <summary>Bytes of received pieces that wait for the disk.</summary>
    public long WaitingBytes => _waitingPieces.Bytes;

    /// <summary>A piece from the leader of this term.</summary>
    public void OnPiece(string from, InstallSnapshot m)
    {
        if (m.Last.Index <= replica.CommitIndex)
        {
            Reply(from, m.Last, m.TotalBytes, isInstalled: true, m.Round);
        }
        else if (_installing is not null)
        {
            if (m.Last == _installing)
                Reply(from, m.Last, m.TotalBytes, isInstalled: false, m.Round);
        }
        else if (_waitingPieces.TryAdd(m.Data.Length, replica.Settings.MaxSnapshotWaitingBytes))
        {
            _incoming = new IncomingSnapshot(from, m.Last, m.TotalBytes);
            replica.Outbox.Add(new WriteSnapshotChunk(from, m.Last, m.TotalBytes, m.Offset, m.Data));
        }
        // else: the disk is busy. The leader asks what has arrived, and sends it again then.
    }

    public void OnPieceWritten(SnapshotChunkWritten e)
    {
        _waitingPieces.TakeOldest();
        if (e.NextOffset < 0)
            return; // There was no room for it. The leader asks.
        if (_incoming is not { } incoming || incoming.From != e.From || incoming.Last != e.Last || roles.Following is not { } following
            || following.LeaderId != e.From)
            return;
        if (e.NextOffset == incoming.TotalBytes && _installing is null && e.Last.Index > replica.CommitIndex)
        {
            _installing = e.Last;
            replica.Outbox.Add(new InstallReceivedSnapshot(e.From, e.Last));
        }
        Reply(e.From, e.Last, e.NextOffset, e.Last.Index <= replica.CommitIndex, following.RoundSeen);
    }

    public void OnInstalled(SnapshotInstalled e)
    {
        Invariant.Holds(_installing == e.Last, "what is installed was asked for");
        var total = _incoming?.TotalBytes ?? 0;
        _installing = null;
        _incoming = null;
        if (e.Ok)
            Adopt(e);
        if (roles.Following is { } following && following.LeaderId == e.From)
            Reply(e.From, e.Last, e.Ok ? total : 0, e.Ok, following.RoundSeen);
    }

    private void Adopt(SnapshotInstalled e)
    {
        var last = e.Last;
        Invariant.Holds(last.Index > replica.CommitIndex, "a snapshot never takes back what is committed");
        var keepsSuffix = replica.Log.Contains(last);
        membership.NoteMembership(keepsSuffix ? last.Index : replica.CommitIndex);
        replica.AdoptSnapshot(e, keepsSuffix);
        roles.Following?.OnSnapshotAdopted(last.Index, keepsSuffix);
        membership.OnConfigurationInForce();
        membership.UpdatePassiveRole("a snapshot was installed");
    }

    private void Reply(string to, EntryId last, long nextOffset, bool isInstalled, long round) =>
        replica.Send(to, new InstallSnapshotReply(replica.Term, last, nextOffset, isInstalled, round));

    private sealed record IncomingSnapshot(string From, EntryId Last, long TotalBytes);
}
