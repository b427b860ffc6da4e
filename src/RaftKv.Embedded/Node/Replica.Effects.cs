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
            case Send send: _sender.SendOrHold(send); break;
            case Append append: _submissions.Append(append.Entries.Span); break;
            case SaveVote vote: _submissions.SaveVote(vote); break;
            case Apply apply: SubmitApply(apply); break;
            case ReadReady ready: _reads.OnReady(ready); break;
            case ReadFailed failed: _reads.OnFailed(failed); break;
            case ProposalRefused refused: _proposals.OnRefused(refused); break;
            case RequestCompleted completed:
                if (completed.Id == _handOverId)
                    OnHandOverRefused(completed);
                else
                    _requests.OnCompleted(completed);
                break;
            case ReadEntries read: _followerReads.LoadEntries(read); break;
            case ReadSnapshotChunk read: _followerReads.LoadChunk(read); break;
            case CheckSnapshot check: _snapshots.Check(check.Last); break;
            case WriteSnapshotChunk write: _snapshots.Store(write); break;
            case InstallReceivedSnapshot install: _snapshots.Install(install); break;
            case ResetLog reset: _submissions.Reset(reset.Base); break;
            case TruncatePrefix truncate: _snapshots.DropLog(truncate); break;
            case EntriesLost lost: OnEntriesLost(lost); break;
            case PeerLeftBehind behind: _context.Log.FollowerLeftBehind(_context.NodeId, behind.Peer, behind.Needed, behind.KeptFrom); break;
            case RoleChanged changed: OnRoleChanged(changed); break;
            case ConfigurationChanged changed: OnConfigurationChanged(changed); break;
            default: throw new System.Diagnostics.UnreachableException();
        }
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
            _requests.ReleaseForwarded();
        _diskMonitor.OnRoleChanged();
        _expiry.OnRoleChanged();
        if (changed.LeaderId is not null)
        {
            _peers.OnLeaderKnown(changed.LeaderId);
            _diskMonitor.OnLeaderKnown();
            _proposals.OnLeaderKnown(changed.Term, changed.LeaderId);
            _reads.Retry();
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
        _peers.Update();
        _features.OnConfigurationChanged();
        _publisher.PublishNow();
    }
}
