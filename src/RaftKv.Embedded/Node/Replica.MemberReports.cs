using RaftKv.Embedded.Transport;

namespace RaftKv.Embedded.Node;

// The leader alone knows how far the members are, and hears each of them all the time. It tells them once a second, so that the status of
// every node shows it.
internal sealed partial class Replica
{
    private static readonly long MemberReportInterval = TimeSpan.FromSeconds(1).Ticks;

    private LeaderReport? _leaderReport;
    private long _nextMemberReport;

    private void SweepReports()
    {
        if (!Leads || _now.Ticks < _nextMemberReport)
            return;
        _nextMemberReport = _now.Ticks + MemberReportInterval;
        var members = new List<ReportedMember>();
        foreach (var peer in _core!.Peers)
        {
            var heardAt = _contacts.GetValueOrDefault(peer.NodeId);
            var silentMs = heardAt == 0 ? -1 : Math.Max(0, _now.Ticks - heardAt) / TimeSpan.TicksPerMillisecond;
            members.Add(new ReportedMember(peer.NodeId, peer.Match, silentMs, peer.HasLostEntries));
        }
        var report = new MemberReport(_core.Term, _core.LastIndex, members);
        foreach (var peer in _core.Peers)
        {
            if (KnowsUnknown(peer.NodeId))
                _parts.Transport.Send(peer.NodeId, report);
        }
    }

    private void OnMemberReport(string from, MemberReport report)
    {
        if (_core is { } core && from == core.LeaderId && report.Term == core.Term)
            Volatile.Write(ref _leaderReport, new LeaderReport(from, report, _now.Ticks));
    }

    /// <summary>Any thread. What the leader of these parts has told; <c>null</c> on the leader, and before it has told anything.</summary>
    private LeaderReport? ReportOf(StatusParts parts) =>
        Volatile.Read(ref _leaderReport) is { } report && report.LeaderId == parts.LeaderId && report.Content.Term == parts.Term
            ? report : null;
}
