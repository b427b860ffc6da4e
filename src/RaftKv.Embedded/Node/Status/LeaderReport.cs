using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>What the leader last reported about the members, and when; immutable.</summary>
/// <param name="LeaderId">The leader that sent the report.</param>
/// <param name="Content">The report.</param>
/// <param name="At">When it came, in monotonic ticks.</param>
internal sealed record LeaderReport(string LeaderId, MemberReport Content, long At)
{
    /// <summary>A report that is older than this says nothing about who is alive: the next ones were lost.</summary>
    private static readonly long Freshness = TimeSpan.FromSeconds(4).Ticks;

    public bool IsFresh(long now) => now - At < Freshness;

    /// <returns><c>null</c> when the leader does not count it among the members.</returns>
    public ReportedMember? Find(string nodeId)
    {
        foreach (var member in Content.Members)
        {
            if (member.NodeId == nodeId)
                return member;
        }
        return null;
    }

    /// <summary>When the leader had heard from a member, in ticks of this node's clock; 0 is never.</summary>
    public long HeardAt(in ReportedMember member) =>
        member.SilentMs < 0 ? 0
            : Math.Max(1, At - TimeSpan.TicksPerMillisecond * Math.Min(member.SilentMs, At / TimeSpan.TicksPerMillisecond));
}
