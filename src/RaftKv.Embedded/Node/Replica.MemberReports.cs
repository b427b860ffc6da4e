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
        if (!_context.Leads || _context.Now.Ticks < _nextMemberReport)
            return;
        _nextMemberReport = _context.Now.Ticks + MemberReportInterval;
        var members = new List<ReportedMember>();
        foreach (var peer in _context.Core!.Peers)
        {
            var heardAt = _contacts.GetValueOrDefault(peer.NodeId);
            var silentMs = heardAt == 0 ? -1 : Math.Max(0, _context.Now.Ticks - heardAt) / TimeSpan.TicksPerMillisecond;
            members.Add(new ReportedMember(peer.NodeId, peer.Match, silentMs, peer.HasLostEntries));
        }
        var report = new MemberReport(_context.Core.Term, _context.Core.LastIndex, members);
        foreach (var peer in _context.Core.Peers)
        {
            if (KnowsUnknown(peer.NodeId))
                _context.Transport.Send(peer.NodeId, report);
        }
    }

    private void OnMemberReport(string from, MemberReport report)
    {
        if (_context.Core is { } core && from == core.LeaderId && report.Term == core.Term)
            Volatile.Write(ref _leaderReport, new LeaderReport(from, report, _context.Now.Ticks));
    }

    /// <summary>Any thread. What the leader of these parts has told; <c>null</c> on the leader, and before it has told anything.</summary>
    private LeaderReport? ReportOf(StatusParts parts) =>
        Volatile.Read(ref _leaderReport) is { } report && report.LeaderId == parts.LeaderId && report.Content.Term == parts.Term
            ? report : null;
}
