using RaftKv.Embedded.Log;
using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

/// <summary>
/// What the leader reports to the members about each other. The leader alone knows how far the members are, and hears each of them all the
/// time. It sends its report once a second, so that the status of every node shows it.
/// </summary>
internal sealed class MemberReports(ReplicaContext context, PeerContacts contacts, PeerCapabilities abilities)
{
    private static readonly long Interval = TimeSpan.FromSeconds(1).Ticks;

    private LeaderReport? _fromLeader;
    private long _nextReport;

    public void Sweep()
    {
        if (!context.Leads || context.Now.Ticks < _nextReport)
            return;
        _nextReport = context.Now.Ticks + Interval;
        var members = new List<ReportedMember>();
        foreach (var peer in context.Core!.Peers)
        {
            var heardAt = contacts.HeardAt(peer.NodeId);
            var silentMs = heardAt == 0 ? -1 : Math.Max(0, context.Now.Ticks - heardAt) / TimeSpan.TicksPerMillisecond;
            members.Add(new ReportedMember(peer.NodeId, peer.Match, silentMs, peer.HasLostEntries));
        }
        var report = new MemberReport(context.Core.Term, context.Core.LastIndex, members);
        foreach (var peer in context.Core.Peers)
        {
            if (abilities.Speaks(peer.NodeId, FeatureLevels.Safeguards))
                context.Transport.Send(peer.NodeId, report);
        }
    }

    public void OnReport(string from, MemberReport report)
    {
        if (context.Core is { } core && from == core.LeaderId && report.Term == core.Term)
            Volatile.Write(ref _fromLeader, new LeaderReport(from, report, context.Now.Ticks));
    }

    /// <summary>Any thread. What the leader of these parts has reported; <c>null</c> on the leader, and before its first report.</summary>
    public LeaderReport? Of(StatusParts parts) =>
        Volatile.Read(ref _fromLeader) is { } report && report.LeaderId == parts.LeaderId && report.Content.Term == parts.Term
            ? report : null;
}
