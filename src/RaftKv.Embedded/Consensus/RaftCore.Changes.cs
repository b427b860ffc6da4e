using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Consensus;

// How a requested change becomes an entry. A configuration is appended only when a quorum of the voters before it and of those after it
// has answered a round that began after the request (dissertation §4.4
// asks for it): otherwise a leader could append what can never commit, and so take the quorum from voters that had one.
internal sealed partial class RaftCore
{
    private PendingConfigurationChange? _pendingChange;

    /// <summary>How long answers are waited for: as long as a leader leads on without them.</summary>
    private QuorumProof NewProof() => new(_round + 1, _now.Ticks + (2 * _settings.ElectionTimeout));

    private void OnChangeRequested(long id, MembershipChange change)
    {
        if (WhyNoChange() is { } reason)
            Refuse(id, RaftKvMembershipError.ChangeInProgress, reason, retry: true);
        else if (_pendingChange is { Id: not null })
            Refuse(id, RaftKvMembershipError.ChangeInProgress, "Another change waits for the answers of a quorum.", retry: true);
        else
            BeginChange(id, change); // One that the leader wanted by itself it will want again.
    }

    /// <summary>Why no change of members may be appended now; <c>null</c> if one may.</summary>
    private string? WhyNoChange()
    {
        if (Role != RaftRole.Leader || _retireCause is not null)
            return "This node does not lead.";
        if (_transfer is not null)
            return "The leadership is being handed over.";
        // Without an entry of its own term it cannot know whether an older change is still open (Ongaro, raft-dev, 2015).
        if (!CanServeReads)
            return "The leader has just been elected; ask again.";
        // It may be one that no operator asked for, a promotion or a new address: a moment later it is over.
        return ConfigurationIndex > CommitIndex ? "Another change is not committed yet." : null;
    }

    private void BeginChange(long? id, MembershipChange change)
    {
        var plan = Plan(change);
        // That a change was made before, or that there is no such member, is for a leader to say that still leads; every other refusal
        // changes nothing.
        if (plan.Target is null && (id is null || plan.Error is not (null or RaftKvMembershipError.UnknownMember)))
        {
            Answer(id, plan);
            return;
        }
        _pendingChange = new PendingConfigurationChange(id, change, NewProof());
        BeginRound();
        ConsiderChange();
    }

    /// <summary>
    /// Appends the change that waits, or refuses it, once it has its proof or the time for it is over. What held when it was asked for
    /// may not hold any more.
    /// </summary>
    private void ConsiderChange()
    {
        if (_pendingChange is not { } pending)
            return;
        var isOverdue = pending.Proof.IsOverdue(_now.Ticks);
        var isProven = pending.Proof.Covers(Configuration, _peers, Self);
        if (!isOverdue && !isProven)
            return;
        if (WhyNoChange() is { } reason)
        {
            End(pending, ChangePlan.Refuse(RaftKvMembershipError.ChangeInProgress, reason) with { Retry = true });
            return;
        }
        var plan = Plan(pending.Change);
        if (isProven && plan.Target is null)
            End(pending, plan);
        else if (isProven && pending.Proof.Covers(plan.Target!, _peers, Self))
            Append(pending.Id, plan.Target!, plan.Joining);
        else if (isOverdue)
            End(pending, Unproven(pending, plan.Target ?? Configuration));
    }

    private ChangePlan Unproven(PendingConfigurationChange pending, ClusterConfiguration target)
    {
        var missing = pending.Proof.Missing(target, _peers, Self);
        var waited = 2 * _settings.ElectionTimeout / TimeSpan.TicksPerMillisecond;
        return ChangePlan.Refuse(RaftKvMembershipError.WouldLoseQuorum,
            $"The voters that answer would not be a quorum: no answer from {missing} within {waited} ms. Nothing was changed.");
    }

    private void Append(long? id, ClusterConfiguration target, string? joining)
    {
        _pendingChange = null;
        if (id is { } request && joining is not null)
            _joins.Add(new PendingJoin(request, joining, _now.Ticks));
        else if (id is { } change)
            _change = new PendingChange(change, _log.LastIndex + 1);
        AppendConfiguration(target);
    }

    /// <summary>The change that waits ends without an entry.</summary>
    private void End(PendingConfigurationChange pending, ChangePlan plan)
    {
        _pendingChange = null;
        Answer(pending.Id, plan);
    }

    private void Answer(long? id, ChangePlan plan)
    {
        if (id is not { } request)
            return;
        if (plan.Error is { } error)
            Refuse(request, error, plan.Message, plan.Retry);
        else if (plan.Joining is { } nodeId)
            _joins.Add(new PendingJoin(request, nodeId, _now.Ticks));
        else
            Complete(request, plan.Message);
    }

    private ChangePlan Plan(MembershipChange change) => change switch
    {
        AddMember add => PlanToAdd(add.Member),
        TakeInMember takeIn => PlanToTakeIn(takeIn.Member),
        PromoteMember promote => PlanToPromote(promote.NodeId),
        PromoteJoining promote => PlanToPromoteJoining(promote.NodeId),
        DemoteVoter demote => PlanToDemote(demote.NodeId),
        RetireVoter retire => PlanToRetire(retire.NodeId),
        RemoveMember remove => PlanToRemove(remove.NodeId),
        RaiseFeatureLevel raise => PlanToRaise(raise),
        _ => throw new ArgumentOutOfRangeException(nameof(change), change.GetType().Name, "The core does not know this change."),
    };

    private ChangePlan PlanToRaise(RaiseFeatureLevel raise)
    {
        var level = Math.Max(raise.Level, Configuration.FeatureLevel);
        var limits = raise.Limits is { } allowed ? Configuration.Limits?.RaisedTo(allowed) ?? allowed : Configuration.Limits;
        return level == Configuration.FeatureLevel && limits == Configuration.Limits
            ? ChangePlan.Done("It is in force already.")
            : ChangePlan.Append(Configuration.At(level, limits));
    }

    private ChangePlan PlanToAdd(Member wanted)
    {
        var existing = Configuration.Find(wanted.NodeId);
        if (existing is null)
        {
            return wanted.Role == MemberRole.Learner
                ? ChangePlan.Append(Configuration.With(wanted))
                : ChangePlan.AppendAndAwait(Configuration.With(wanted with { Role = MemberRole.Joining }), wanted.NodeId);
        }

        // A caller that does not know the incarnation means the member as it is.
        var incarnation = wanted.Incarnation == Guid.Empty ? existing.Incarnation : wanted.Incarnation;
        if (existing.IsVoter && incarnation != existing.Incarnation)
            return PlanToReplaceDisk(wanted);
        var joins = wanted.Role != MemberRole.Learner && !existing.IsVoter;
        var role = joins ? MemberRole.Joining : existing.IsVoter ? MemberRole.Voter : MemberRole.Learner;
        var updated = wanted with { Incarnation = incarnation, Role = role };
        if (updated == existing)
            return joins ? ChangePlan.Await(wanted.NodeId) : ChangePlan.Done($"{wanted.NodeId} is a member already.");
        var target = Configuration.With(updated);
        return joins ? ChangePlan.AppendAndAwait(target, wanted.NodeId) : ChangePlan.Append(target);
    }

    private ChangePlan PlanToPromote(string nodeId)
    {
        if (Configuration.Find(nodeId) is not { } member)
            return ChangePlan.Refuse(RaftKvMembershipError.UnknownMember, $"No member is called {nodeId}.");
        if (member.IsVoter)
            return ChangePlan.Done($"{nodeId} is a voter already.");
        return FindPeer(nodeId) is { } peer && HasCaughtUp(peer)
            ? ChangePlan.Append(Configuration.With(member with { Role = MemberRole.Voter }))
            : ChangePlan.Refuse(RaftKvMembershipError.NotCaughtUp, $"{nodeId} has not caught up.");
    }

    private ChangePlan PlanToPromoteJoining(string nodeId) =>
        Configuration.Find(nodeId) is { Role: MemberRole.Joining } && !HasEnoughVoters
            ? PlanToPromote(nodeId)
            : ChangePlan.Done($"{nodeId} does not join any more.");

    private ChangePlan PlanToRetire(string nodeId) => FindSurplusVoter() is { } surplus && surplus.NodeId == nodeId
        ? ChangePlan.Append(Configuration.With(Configuration.Find(nodeId)! with { Role = MemberRole.Joining }))
        : ChangePlan.Done($"{nodeId} is not one voter too many any more.");

    private ChangePlan PlanToRemove(string nodeId)
    {
        if (Configuration.Find(nodeId) is not { } member)
            return ChangePlan.Refuse(RaftKvMembershipError.UnknownMember, $"No member is called {nodeId}.");
        var rest = Configuration.Without(nodeId);
        return member.IsVoter && rest.VoterCount == 0
            ? ChangePlan.Refuse(RaftKvMembershipError.LastVoter, $"{nodeId} is the last voter.")
            : ChangePlan.Append(rest);
    }
}
