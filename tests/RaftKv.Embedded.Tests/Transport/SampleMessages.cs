using RaftKv.Embedded.Log;
using RaftKv.Embedded.Transport;
using Xunit;

namespace RaftKv.Embedded.Tests.Transport;

/// <summary>
/// At least one of every message, with ordinary and extreme values. The golden files contain them, so samples are only appended.
/// </summary>
internal static class SampleMessages
{
    public static IReadOnlyList<PeerMessage> First { get; } =
    [
        new RequestVote(7, true, new EntryId(6, 41), false),
        new RequestVote(long.MaxValue, false, new EntryId(long.MaxValue, long.MaxValue), true),
        new VoteReply(7, true, true),
        new VoteReply(0, false, false),
        new AppendEntries(7, new EntryId(6, 41), ReadOnlyMemory<LogEntry>.Empty, 40, 12, 250),
        new AppendEntries(7, new EntryId(0, 0), new[]
        {
            new LogEntry(1, 1, 1_700_000_000_000, EntryKind.NoOp, default),
            new LogEntry(1, 2, 1_700_000_000_001, EntryKind.Command, new byte[] { 1, 2, 3 }),
            new LogEntry(7, 3, long.MaxValue, EntryKind.Configuration, new byte[300]),
        }, long.MaxValue, long.MinValue, int.MaxValue),
        new AppendReply(7, true, 44, default, 0, 12),
        new AppendReply(8, false, 0, new EntryId(5, 33), 41, -1),
        new InstallSnapshot(7, new EntryId(6, 41), 1L << 40, 1L << 39, new byte[] { 9, 8, 7, 6 }, 12),
        new InstallSnapshot(7, new EntryId(6, 41), 0, 0, default, 0),
        new InstallSnapshotReply(7, new EntryId(6, 41), 1L << 39, true, 12),
        new TimeoutNow(7),
        new ReadIndexRequest(7, 99),
        new ReadIndexReply(7, 99, -1),
        new RemovedNotice(7, 41),
        new ForwardWrites(new ReadOnlyMemory<byte>[] { new byte[] { 1 }, default, new byte[] { 2, 3 } }),
        new ForwardWrites(Array.Empty<ReadOnlyMemory<byte>>()),
        new ForwardRefused(RefusalReason.HandingOver, [1, long.MaxValue, -5]),
        new ForwardRefused(RefusalReason.Overloaded, []),
        new AdminRequest(5, AdminOperation.AddMember, "node4", "[::1]:1114"),
        new AdminRequest(6, AdminOperation.TransferLeadership, "", ""),
        new AdminReply(5, (int)RaftKvMembershipError.NotCaughtUp, "Der Knoten holt noch auf … ünïcödé"),
        new AdminReply(6, -1, ""),
    ];

    /// <summary>Added later: the spans that forwarded writes belong to.</summary>
    public static IReadOnlyList<PeerMessage> Traces { get; } =
    [
        new ForwardTraces([new TraceParent(0x0AF7651916CD43DD, unchecked((long)0x8448EB211C80319C), 0x00F067AA0BA902B7), new TraceParent(1, 2, 3)]),
        new ForwardTraces([]),
    ];

    /// <summary>Added later, in a golden file of their own: messages that compare copies and replace one.</summary>
    public static IReadOnlyList<PeerMessage> Integrity { get; } =
    [
        new IntegrityProbe(640),
        new IntegrityAnswer(640, ulong.MaxValue) { SumVersion = 7 },
        new IntegrityVerdict(640),
        new StateRequest(41, new EntryId(6, 41), 1L << 39),
        new StatePiece(new EntryId(6, 41), 1L << 40, 1L << 39, new byte[] { 9, 8, 7 }),
    ];

    /// <summary>Added later: heartbeats with log time.</summary>
    public static IReadOnlyList<PeerMessage> LogTime { get; } =
    [
        new AppendEntries(7, new EntryId(6, 41), ReadOnlyMemory<LogEntry>.Empty, 40, 12, 250) { LogTimeMs = 1_700_000_000_000 },
        new AppendEntries(7, new EntryId(6, 41), ReadOnlyMemory<LogEntry>.Empty, 40, 12, 0) { LogTimeMs = long.MaxValue },
    ];

    /// <summary>Added later: the wall clocks of members.</summary>
    public static IReadOnlyList<PeerMessage> Clocks { get; } = [new WallClock(1_700_000_000_000), new WallClock(long.MinValue)];

    /// <summary>Added later: the room on the disk of a member.</summary>
    public static IReadOnlyList<PeerMessage> Disk { get; } = [new DiskReport(1L << 40, true, 1L << 39), new DiskReport(-1, false, 0)];

    /// <summary>Added later: the leader's reports about members.</summary>
    public static IReadOnlyList<PeerMessage> Reports { get; } =
    [
        new MemberReport(7, 1L << 40, [new("node2", 1L << 39, 20, false), new("ü", 0, -1, true)]),
        new MemberReport(1, 0, []),
    ];

    public static IReadOnlyList<PeerMessage> All { get; } = [.. First, .. Traces, .. Integrity, .. LogTime, .. Clocks, .. Disk, .. Reports];

    public static Handshake Hello { get; } = Handshake.Of(new PeerHello
    {
        ClusterId = Guid.Parse("11111111-2222-3333-4444-555555555555"),
        NodeId = "node1",
        Incarnation = Guid.Parse("66666666-7777-8888-9999-aaaaaaaaaaaa"),
        Address = "10.0.0.1:1111",
        TargetNodeId = "node2",
        TargetIncarnation = Guid.Parse("bbbbbbbb-cccc-dddd-eeee-ffffffffffff"),
        FeatureLevel = 3,
    });

    public static byte[] Encode(PeerMessage message)
    {
        var frame = new byte[MessageEncoder.FrameSize(message)];
        MessageEncoder.WriteFrame(message, frame);
        return frame;
    }

    public static PeerMessage? Decode(byte[] frame)
    {
        var length = Frame.ReadHeader(frame, frame.Length, out var type);
        if (length != frame.Length)
            throw new WireFormatException("the frame is not as long as it says");
        return MessageDecoder.Read(type, Frame.Open(frame));
    }

    /// <summary>Compares everything by value, because records compare memory by identity.</summary>
    public static void AssertSame(PeerMessage expected, PeerMessage? actual)
    {
        switch (expected, actual)
        {
            case (MemberReport e, MemberReport a):
                Assert.Equal(e with { Members = [] }, a with { Members = [] });
                Assert.Equal(e.Members, a.Members);
                break;
            case (AppendEntries e, AppendEntries a):
                Assert.Equal(e with { Entries = default }, a with { Entries = default });
                Assert.Equal(e.Entries.Length, a.Entries.Length);
                for (var i = 0; i < e.Entries.Length; i++)
                {
                    var (x, y) = (e.Entries.Span[i], a.Entries.Span[i]);
                    Assert.Equal(x with { Payload = default }, y with { Payload = default });
                    Assert.Equal(x.Payload.ToArray(), y.Payload.ToArray());
                }
                break;
            case (InstallSnapshot e, InstallSnapshot a):
                Assert.Equal(e with { Data = default }, a with { Data = default });
                Assert.Equal(e.Data.ToArray(), a.Data.ToArray());
                break;
            case (StatePiece e, StatePiece a):
                Assert.Equal(e with { Data = default }, a with { Data = default });
                Assert.Equal(e.Data.ToArray(), a.Data.ToArray());
                break;
            case (ForwardWrites e, ForwardWrites a):
                Assert.Equal(e.Commands.Select(c => c.ToArray()), a.Commands.Select(c => c.ToArray()));
                break;
            case (ForwardTraces e, ForwardTraces a):
                Assert.Equal(e.Parents, a.Parents);
                break;
            case (ForwardRefused e, ForwardRefused a):
                Assert.Equal(e.Reason, a.Reason);
                Assert.Equal(e.Sequences, a.Sequences);
                break;
            default:
                Assert.Equal(expected, actual);
                break;
        }
    }
}
