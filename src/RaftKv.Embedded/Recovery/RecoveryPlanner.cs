using System.Globalization;

namespace RaftKv.Embedded.Recovery;

/// <summary>
/// Ranks survivors as an election would, and describes the consequences. An acknowledged entry is on a quorum of the voters. When fewer
/// voters than a quorum are missing, every acknowledged entry is therefore on a survivor, and by leader completeness and log matching on
/// the survivor with the highest last (term, index).
/// </summary>
internal static class RecoveryPlanner
{
    public static RaftKvRecoveryPlan Plan(IReadOnlyList<RaftKvSurvivingNode> survivors)
    {
        if (survivors.Count == 0)
            throw new ArgumentException("There is no survivor to recover from; restore a backup.", nameof(survivors));
        if (survivors.Select(s => s.ClusterId).Distinct().Count() > 1)
            throw new ArgumentException(
                $"These are of different clusters: {string.Join(", ", survivors.Select(s => $"{s.NodeId} of {s.ClusterId}"))}.",
                nameof(survivors));
        if (survivors.GroupBy(s => s.NodeId).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ArgumentException($"{twice.Key} is given more than once.", nameof(survivors));

        var ranked = survivors.OrderByDescending(s => s.LastTerm).ThenByDescending(s => s.LastVersion.Value)
            .ThenBy(s => s.Damage is not null).ThenBy(s => s.NodeId, StringComparer.Ordinal).ToArray();
        var voters = ranked[0].Voters;
        var present = ranked.Where(s => s.IsVoter && s.Damage is null && voters.Contains(s.NodeId)).Select(s => s.NodeId).ToArray();
        var missing = voters.Except(present).ToArray();
        var quorum = voters.Count / 2 + 1;
        var plan = new RaftKvRecoveryPlan
        {
            ClusterId = ranked[0].ClusterId,
            Ranked = ranked,
            MissingVoters = missing,
            HasQuorum = voters.Count > 0 && present.Length >= quorum,
            MayLoseWrites = missing.Length >= quorum,
            Findings = [],
        };
        return plan with { Findings = [.. Findings(plan, voters.Count)] };
    }

    private static IEnumerable<string> Findings(RaftKvRecoveryPlan plan, int voters)
    {
        var best = plan.Best;
        yield return $"Kept: everything {best.NodeId} has, up to version {best.LastVersion} of term {best.LastTerm}, written at "
            + $"{Text(best.LastWriteAt)}. Writes at its end that were never acknowledged take effect as well.";
        foreach (var other in plan.Ranked.Skip(1))
        {
            if (other.LastVersion > best.LastVersion)
                yield return $"Given up: what {other.NodeId} has in its log beyond what {best.NodeId} has, from an older term "
                    + $"({other.LastTerm}): it was never acknowledged.";
        }
        foreach (var damaged in plan.Ranked.Where(s => s.Damage is not null))
        {
            yield return $"Damaged: {damaged.NodeId} counts up to version {damaged.LastVersion} and as a missing voter. What it had "
                + $"acknowledged behind that is lost, unless another survivor has it. {damaged.Damage}";
        }
        if (plan.HasQuorum)
        {
            yield return $"{voters - plan.MissingVoters.Count} of {voters} voters are here, which is a quorum: start them instead. "
                + "Nothing needs to be recovered.";
        }
        else if (plan.MayLoseWrites)
        {
            yield return $"May be lost: what {string.Join(", ", plan.MissingVoters)} acknowledged together after "
                + $"{Text(best.LastWriteAt)}, or after version {best.LastVersion}. How much that is cannot be told without one of them.";
        }
        else
        {
            yield return $"Nothing acknowledged is lost: {string.Join(", ", plan.MissingVoters)} alone were too few to "
                + "acknowledge anything.";
        }
        yield return "The new cluster has a new id and one member; nodes of the old one are refused by it. Do not start them on their "
            + "old directories: together with missing ones they could still form the old cluster.";
    }

    private static string Text(DateTimeOffset at) => at.ToString("yyyy-MM-dd HH:mm:ss.fff 'UTC'", CultureInfo.InvariantCulture);
}
