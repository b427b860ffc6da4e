using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Consensus;

/// <summary>One campaign, or one pre-vote (a question whether a campaign could be won, dissertation §9.6): the votes so far.</summary>
internal sealed class Candidacy
{
    private readonly HashSet<string> _votes = new(StringComparer.Ordinal);

    public Candidacy(string nodeId) => _votes.Add(nodeId);

    public void Count(string from) => _votes.Add(from);

    /// <param name="configuration">The one in force.</param>
    /// <param name="nodeId">The candidate.</param>
    /// <param name="self">
    /// The candidate as a member; <c>null</c> when the configuration names another incarnation of it or does not name it.
    /// </param>
    public bool IsWon(ClusterConfiguration configuration, string nodeId, Member? self)
    {
        var votes = 0;
        foreach (var member in configuration.Members)
        {
            // This node's vote for itself does not count for an earlier incarnation of the same name.
            if (member.IsVoter && _votes.Contains(member.NodeId) && (member.NodeId != nodeId || member == self))
                votes++;
        }
        return votes >= configuration.Quorum;
    }
}
