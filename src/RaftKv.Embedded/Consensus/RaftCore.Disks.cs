using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Consensus;

// A member that comes back with another data directory: the vote and the acknowledgements of the old one do not hold for the new one.
internal sealed partial class RaftCore
{
    /// <summary>A node that asks by itself: a new node joins, a member with an empty disk comes back in its role.</summary>
    private ChangePlan PlanToTakeIn(Member wanted) => Configuration.Find(wanted.NodeId) switch
    {
        null => PlanToAdd(wanted with { Role = MemberRole.Joining }),
        var existing when existing.IsOf(wanted.Incarnation) => ChangePlan.Done($"{wanted.NodeId} is a member already."),
        { IsVoter: true } => PlanToReplaceDisk(wanted),
        var existing => WhyDiskStays(wanted.NodeId) is { } reason ? ChangePlan.Refuse(RaftKvMembershipError.MemberExists, reason)
            : existing.Role == MemberRole.Learner ? ChangePlan.Append(Configuration.With(wanted with { Role = MemberRole.Learner }))
            : ChangePlan.AppendAndAwait(Configuration.With(wanted with { Role = MemberRole.Joining }), wanted.NodeId),
    };

    /// <summary>
    /// A voter came back with an empty disk: in one entry its vote goes and a learner of its name comes, which for the voters is a
    /// removal like any other. The old disk held votes and
    /// entries that the new one does not have; while it may still be alive, two nodes were given one name.
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
        if (nodeId == NodeId || FindPeer(nodeId) is not { } peer)
            return $"{nodeId} is this leader, with another data directory.";
        var patience = Math.Max(_settings.ReplacedDiskPatience, 2 * _settings.ElectionTimeout);
        var silence = _now.Ticks - peer.LastContact;
        return silence >= patience ? null
            : $"The data directory of {nodeId} that the cluster knows may still be alive: it has been silent for {Seconds(silence)} s, "
                + $"and another one takes its name after {Seconds(patience)} s. Nothing was changed.";
    }

    private static string Seconds(long ticks) => string.Create(
        System.Globalization.CultureInfo.InvariantCulture, $"{ticks / (double)TimeSpan.TicksPerSecond:0.0}");
}
