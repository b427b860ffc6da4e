namespace RaftKv.Embedded.Transport;

/// <summary>What the leader tells about the members.</summary>
internal static partial class MessageCodec
{
    /// <summary>name, match i64, silent i64, flags u8; the name has its length in front.</summary>
    private const int LeastReportedBytes = 4 + 8 + 8 + 1;

    private static long Size(MemberReport m) => 8 + 8 + 4 + m.Members.Sum(static member => TextSize(member.NodeId) + 8L + 8 + 1);

    private static FrameType Write(ref WireWriter to, MemberReport m)
    {
        to.Int64(m.Term);
        to.Int64(m.LastIndex);
        to.Int32(m.Members.Count);
        foreach (var member in m.Members)
        {
            to.Text(member.NodeId);
            to.Int64(member.Match);
            to.Int64(member.SilentMs);
            to.Flags(member.HasLostEntries);
        }
        return FrameType.MemberReport;
    }

    private static MemberReport ReadMemberReport(ref WireReader from)
    {
        var (term, lastIndex) = (from.Int64(), from.Int64());
        var members = new ReportedMember[from.Count(LeastReportedBytes)];
        for (var i = 0; i < members.Length; i++)
            members[i] = new ReportedMember(from.Text(), from.Int64(), from.Int64(), from.Flags(1).First);
        return new MemberReport(term, lastIndex, members);
    }
}
