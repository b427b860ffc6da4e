using RaftKv.Embedded.Consensus;
using RaftKv.Embedded.Diagnostics;

namespace RaftKv.Embedded.Node;

/// <summary>Carries out the effects of a step of the core. Holder of the turn.</summary>
internal sealed class EffectExecutor(
    ReplicaContext context, StatusPublisher status, WriteTraces traces, LogSubmissions submissions, MessageSender sender,
    PendingReads reads, PendingProposals proposals, MembershipRequests requests, Shutdown shutdown, FollowerReads followerReads,
    SnapshotCoordinator snapshots, RoleChanges roles)
{
    /// <summary>Carries out the effects of a step, in their order.</summary>
    public void CarryOut()
    {
        status.PublishCommit();
        traces.EndCommitted();
        // No effect makes the core step again at once: whatever follows from one comes back through the inbox.
        foreach (var effect in context.Effects)
            CarryOut(effect);
        context.Effects.Clear();
    }

    private void CarryOut(RaftEffect effect)
    {
        switch (effect)
        {
            case Send send: sender.SendOrHold(send); break;
            case Append append: submissions.Append(append.Entries.Span); break;
            case SaveVote vote: submissions.SaveVote(vote); break;
            case Apply apply: SubmitApply(apply); break;
            case ReadReady ready: reads.OnReady(ready); break;
            case ReadFailed failed: reads.OnFailed(failed); break;
            case ProposalRefused refused: proposals.OnRefused(refused); break;
            case RequestCompleted completed: OnCompleted(completed); break;
            case ReadEntries read: followerReads.LoadEntries(read); break;
            case ReadSnapshotChunk read: followerReads.LoadChunk(read); break;
            case CheckSnapshot check: snapshots.TryCheck(check.Last); break;
            case WriteSnapshotChunk write: snapshots.Store(write); break;
            case InstallReceivedSnapshot install: snapshots.Install(install); break;
            case ResetLog reset: submissions.Reset(reset.Base); break;
            case TruncatePrefix truncate: snapshots.DropLog(truncate); break;
            case EntriesLost lost: roles.OnEntriesLost(lost); break;
            case PeerLeftBehind behind: context.Log.FollowerLeftBehind(context.NodeId, behind.Peer, behind.Needed, behind.KeptFrom); break;
            case RoleChanged changed: roles.OnRoleChanged(changed); break;
            case ConfigurationChanged changed: roles.OnConfigurationChanged(changed); break;
            default: throw new System.Diagnostics.UnreachableException();
        }
    }

    private void SubmitApply(Apply apply)
    {
        var entries = context.Applier.Lists.Take();
        var hasAll = context.Core!.TryCopyEntries(apply.From, apply.To, entries);
        context.Applier.Submit(new ApplyRange(apply.From, apply.To, hasAll ? entries : null, context.Now.Ticks), wake: false);
    }

    private void OnCompleted(RequestCompleted completed)
    {
        if (!shutdown.TryComplete(completed))
            requests.OnCompleted(completed);
    }
}
