using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Diagnostics;
using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Node;

internal sealed partial class Replica
{
    /// <summary>Carries out the effects of a step, in their order.</summary>
    private void CarryOut()
    {
        _publisher.PublishCommit();
        _traces.EndCommitted();
        // No effect makes the core step again at once: whatever follows from one comes back through the inbox.
        foreach (var effect in _context.Effects)
            CarryOut(effect);
        _context.Effects.Clear();
    }

    private void CarryOut(RaftEffect effect)
    {
        switch (effect)
        {
            case Send send: SendOrHold(send); break;
            case Append append: _submissions.Append(append.Entries.Span); break;
            case SaveVote vote: _submissions.SaveVote(vote); break;
            case Apply apply: SubmitApply(apply); break;
            case ReadReady ready: OnReadReady(ready); break;
            case ReadFailed failed: OnReadFailed(failed); break;
            case ProposalRefused refused: OnRefused(refused); break;
            case RequestCompleted completed: OnRequestCompleted(completed); break;
            case ReadEntries read: LoadEntries(read); break;
            case ReadSnapshotChunk read: LoadChunk(read); break;
            case CheckSnapshot check: CheckSent(check.Last); break;
            case WriteSnapshotChunk write: StoreChunk(write); break;
            case InstallReceivedSnapshot install: Install(install); break;
            case ResetLog reset: _submissions.Reset(reset.Base); break;
            case TruncatePrefix truncate: DropLog(truncate); break;
            case EntriesLost lost: OnEntriesLost(lost); break;
            case PeerLeftBehind behind: _context.Log.FollowerLeftBehind(_context.NodeId, behind.Peer, behind.Needed, behind.KeptFrom); break;
            case RoleChanged changed: OnRoleChanged(changed); break;
            case ConfigurationChanged changed: OnConfigurationChanged(changed); break;
            default: throw new System.Diagnostics.UnreachableException();
        }
    }

    private void SendOrHold(Send send)
    {
        if (!_submissions.TryHold(send))
            Transmit(send);
    }

    private void OnLogWritten(LogWritten written)
    {
        _submissions.OnWritten(written.Ticket);
        while (_submissions.TryRelease(out var send))
            Transmit(send);
        if (written.Last.Index > 0)
            _context.Step(new Appended(_context.Now, written.Last));
    }

    private void SubmitApply(Apply apply)
    {
        var entries = _context.Applier.Lists.Take();
        _context.Applier.Submit(new ApplyRange(apply.From, apply.To, _context.Core!.TryCopyEntries(apply.From, apply.To, entries) ? entries : null, _context.Now.Ticks), wake: false);
    }

    private void OnRoleChanged(RoleChanged changed)
    {
        // A node that joins is in no configuration yet, as one that was removed is in none any more.
        var role = changed.Role == RaftRole.Removed && !_bootstrap.WasNamed ? "Joining" : changed.Role.ToString();
        _context.Log.RoleChanged(_context.NodeId, role, changed.Term, changed.LeaderId ?? "no node", changed.Cause);
        if (_publisher.RecordElection(changed) && (changed.LeaderId is null || changed.LeaderId != _context.NodeId))
            ReleaseForwarded();
        _rooms.Clear();
        _nextDiskLook = 0;
        _expiring = false;
        if (changed.LeaderId is not null)
        {
            OnLeaderKnown(changed.LeaderId);
            // A new leader does not know yet that this disk lacks room.
            if (!_hasEntryRoom)
                ReportRoom();
            _route.Follow(changed.Term, changed.LeaderId);
            _resendWrites = true;
            RetryReads();
        }
        _publisher.PublishNow();
    }

    private void OnEntriesLost(EntriesLost lost)
    {
        _context.Log.EntriesLost(_context.NodeId, lost.Peer, lost.Acknowledged, lost.Last.Index);
        _publisher.PublishNow();
    }

    private void OnConfigurationChanged(ConfigurationChanged changed)
    {
        _context.Log.ConfigurationChanged(_context.NodeId, changed.Index, changed.Configuration.Describe());
        _bootstrap.OnConfigurationChanged(changed.Configuration);
        UpdatePeers();
        _features.OnConfigurationChanged();
        _publisher.PublishNow();
    }
}
