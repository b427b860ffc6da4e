using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Consensus;

/// <summary>Which configuration a change of one member leads to, or why there is none. Changes nothing.</summary>
internal sealed class ChangePlanner(ReplicaState replica, PeerSet peers)
{
    /// <summary>
    /// A learner this close behind is caught up: what is still missing arrives within the next round trips (dissertation §4.2.1).
    /// </summary>
    private const long CatchUpDistance = 512;

    public VoterTarget Voters { get; } = new(replica, peers);

    private ClusterConfiguration Configuration => replica.Configuration;

    public ChangePlan Plan(MembershipChange change) => change switch
    {
        AddMember add => PlanToAdd(add.Member),
        AdmitMember admit => PlanToAdmit(admit.Member),
        PromoteMember promote => PlanToPromote(promote.NodeId),
        PromoteJoining promote => PlanToPromoteJoining(promote.NodeId),
        DemoteVoter demote => PlanToDemote(demote.NodeId),
        RetireVoter retire => PlanToRetire(retire.NodeId),
        RemoveMember remove => PlanToRemove(remove.NodeId),
        RaiseFeatureLevel raise => PlanToRaise(raise),
        _ => throw new ArgumentOutOfRangeException(nameof(change), change.GetType().Name, "The core does not know this change."),
    };

    public bool HasCaughtUp(Progress peer)
    {
        var missing = replica.Log.LastIndex - peer.Match;
        return peers.IsInContact(peer) && peer.Match >= replica.ConfigurationIndex
            && (peer.Match >= replica.CommitIndex || missing <= CatchUpDistance);
    }

    private static string Seconds(long ticks) => string.Create(
        System.Globalization.CultureInfo.InvariantCulture, $"{ticks / (double)TimeSpan.TicksPerSecond:0.0}");

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

        // A caller that names no incarnation means the one that the configuration has.
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

    /// <summary>A node that asks by itself: a new node joins, a member with an empty disk comes back in its role.</summary>
    private ChangePlan PlanToAdmit(Member wanted) => Configuration.Find(wanted.NodeId) switch
    {
        null => PlanToAdd(wanted with { Role = MemberRole.Joining }),
        var existing when existing.IsOf(wanted.Incarnation) => ChangePlan.Done($"{wanted.NodeId} is a member already."),
        { IsVoter: true } => PlanToReplaceDisk(wanted),
        var existing => WhyDiskStays(wanted.NodeId) is { } reason ? ChangePlan.Refuse(RaftKvMembershipError.MemberExists, reason)
            : existing.Role == MemberRole.Learner ? ChangePlan.Append(Configuration.With(wanted with { Role = MemberRole.Learner }))
            : ChangePlan.AppendAndAwait(Configuration.With(wanted with { Role = MemberRole.Joining }), wanted.NodeId),
    };

    /// <summary>
    /// A voter came back with an empty disk: one entry takes its vote and adds a learner of its name, which for the voters is a removal
    /// like any other. The old disk held votes and entries that the new one does not have. The change is refused while the old disk may
    /// still be in use: two nodes may have been given one name.
    /// </summary>
    private ChangePlan PlanToReplaceDisk(Member wanted)
    {
        if (WhyDiskStays(wanted.NodeId) is { } reason)
            return ChangePlan.Refuse(RaftKvMembershipError.MemberExists, reason);
        var replaced = Configuration.With(wanted with { Role = MemberRole.Joining });
        return replaced.VoterCount == 0
            ? ChangePlan.Refuse(RaftKvMembershipError.LastVoter, $"{wanted.NodeId} is the last voter.")
            : ChangePlan.AppendAndAwait(replaced, wanted.NodeId);
    }

    /// <summary>
    /// Why another data directory may not take a member's name yet; <c>null</c> when the known one has been silent for long enough.
    /// </summary>
    private string? WhyDiskStays(string nodeId)
    {
        if (nodeId == replica.NodeId || peers.Find(nodeId) is not { } peer)
            return $"{nodeId} is the leader, and its data directory is in use: another one cannot take its name. Nothing was changed.";
        var timeout = Math.Max(replica.Settings.ReplacedDiskTimeout, 2 * replica.Settings.ElectionTimeout);
        var silence = replica.Now - peer.Contact.HeardAt;
        return silence >= timeout ? null
            : $"The data directory of {nodeId} that the cluster knows may still be alive: it has been silent for {Seconds(silence)} s, "
                + $"and another one takes its name after {Seconds(timeout)} s. Nothing was changed.";
    }

    private ChangePlan PlanToPromote(string nodeId)
    {
        if (Configuration.Find(nodeId) is not { } member)
            return ChangePlan.Refuse(RaftKvMembershipError.UnknownMember, $"No member is called {nodeId}.");
        if (member.IsVoter)
            return ChangePlan.Done($"{nodeId} is a voter already.");
        return peers.Find(nodeId) is { } peer && HasCaughtUp(peer)
            ? ChangePlan.Append(Configuration.With(member with { Role = MemberRole.Voter }))
            : ChangePlan.Refuse(RaftKvMembershipError.NotCaughtUp, $"{nodeId} has not caught up.");
    }

    private ChangePlan PlanToPromoteJoining(string nodeId) =>
        Configuration.Find(nodeId) is { Role: MemberRole.Joining } && !Voters.HasEnough
            ? PlanToPromote(nodeId)
            : ChangePlan.Done($"{nodeId} is not joining, or the cluster has enough voters.");

    private ChangePlan PlanToDemote(string nodeId) => peers.Find(nodeId) is { HasLostEntries: true, IsVoter: true }
        ? ChangePlan.Append(Configuration.With(Configuration.Find(nodeId)! with { Role = MemberRole.Joining }))
        : ChangePlan.Done($"{nodeId} is not a voter, or has lost no entries.");

    private ChangePlan PlanToRetire(string nodeId) => Voters.FindSurplus() is { } surplus && surplus.NodeId == nodeId
        ? ChangePlan.Append(Configuration.With(Configuration.Find(nodeId)! with { Role = MemberRole.Joining }))
        : ChangePlan.Done($"{nodeId} is not a surplus voter.");

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
