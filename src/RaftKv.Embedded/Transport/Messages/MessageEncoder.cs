using System.Text;
using RaftKv.Embedded.Log;
using RaftKv.Embedded.Primitives;

namespace RaftKv.Embedded.Transport;

/// <summary>
/// Writes every message as a frame. The layout of a message never changes for its number; a new layout gets a new number or a new protocol
/// version.
/// </summary>
internal static class MessageEncoder
{
    /// <summary>kind u8, term i64, time i64, payload length u32; the index follows from the position.</summary>
    public const int EntryBytes = 1 + 8 + 8 + 4;

    public const int AppendEntriesBytes = 5 * 8 + 4 + 4;

    private const int HeartbeatBytes = 6 * 8 + 4;

    /// <summary>How many bytes <see cref="WriteFrame"/> will write.</summary>
    public static long FrameSize(PeerMessage message) => Frame.OverheadBytes + message switch
    {
        RequestVote => 8 + 1 + 16,
        VoteReply => 8 + 1,
        AppendEntries { LogTimeMs: > 0 } => HeartbeatBytes,
        AppendEntries m => AppendEntriesBytes + Sum(m.Entries.Span),
        AppendReply => 8 + 1 + 8 + 16 + 8 + 8,
        InstallSnapshot m => 8 + 16 + 8 + 8 + 8 + 4 + (long)m.Data.Length,
        InstallSnapshotReply => 8 + 16 + 8 + 1 + 8,
        TimeoutNow => 8,
        ReadIndexRequest => 16,
        ReadIndexReply => 24,
        RemovedNotice => 16,
        ForwardWrites m => 4 + Sum(m.Commands),
        ForwardTraces m => 4 + (long)TraceParent.Bytes * m.Parents.Count,
        ForwardRefused m => 1 + 4 + 8L * m.Sequences.Count,
        AdminRequest m => 8 + 1 + TextSize(m.NodeId) + TextSize(m.Address),
        AdminReply m => 8 + 4 + TextSize(m.Message),
        DiskReport => 8 + 1 + 8,
        MemberReport m => Size(m),
        IntegrityProbe => 1 + 8,
        IntegrityAnswer => 1 + 8 + 8,
        IntegrityVerdict => 8,
        StateRequest => 8 + 16 + 8,
        StatePiece m => 16 + 8 + 8 + 4 + (long)m.Data.Length,
        WallClock => 8,
        _ => throw Unknown(message),
    };

    /// <summary>Fills <paramref name="frame"/>, which is exactly <see cref="FrameSize"/> long.</summary>
    public static void WriteFrame(PeerMessage message, Span<byte> frame)
    {
        var writer = new WireWriter(frame[Frame.HeaderBytes..^4]);
        var type = message switch
        {
            RequestVote m => Write(ref writer, m),
            VoteReply m => Write(ref writer, m),
            AppendEntries { LogTimeMs: > 0 } m => WriteHeartbeat(ref writer, m),
            AppendEntries m => Write(ref writer, m),
            AppendReply m => Write(ref writer, m),
            InstallSnapshot m => Write(ref writer, m),
            InstallSnapshotReply m => Write(ref writer, m),
            TimeoutNow m => Write(ref writer, m),
            ReadIndexRequest m => Write(ref writer, m),
            ReadIndexReply m => Write(ref writer, m),
            RemovedNotice m => Write(ref writer, m),
            ForwardWrites m => Write(ref writer, m),
            ForwardTraces m => Write(ref writer, m),
            ForwardRefused m => Write(ref writer, m),
            AdminRequest m => Write(ref writer, m),
            AdminReply m => Write(ref writer, m),
            DiskReport m => Write(ref writer, m),
            MemberReport m => Write(ref writer, m),
            IntegrityProbe m => Write(ref writer, m),
            IntegrityAnswer m => Write(ref writer, m),
            IntegrityVerdict m => Write(ref writer, m),
            StateRequest m => Write(ref writer, m),
            StatePiece m => Write(ref writer, m),
            WallClock m => Write(ref writer, m),
            _ => throw Unknown(message),
        };
        Invariant.Holds(writer.IsFull, "a message is as long as it was measured");
        Frame.Seal(frame, type);
    }

    private static FrameType Write(ref WireWriter to, RequestVote m)
    {
        to.Int64(m.Term);
        to.Flags(m.PreVote, m.Transfer);
        to.Id(m.Last);
        return FrameType.RequestVote;
    }

    private static FrameType Write(ref WireWriter to, VoteReply m)
    {
        to.Int64(m.Term);
        to.Flags(m.PreVote, m.Granted);
        return FrameType.VoteReply;
    }

    private static FrameType Write(ref WireWriter to, AppendEntries m)
    {
        to.Int64(m.Term);
        to.Id(m.Previous);
        to.Int64(m.Commit);
        to.Int64(m.Round);
        to.Int32(m.LeaseMs);
        to.Int32(m.Entries.Length);
        var index = m.Previous.Index;
        foreach (ref readonly var entry in m.Entries.Span)
        {
            Invariant.Holds(entry.Index == ++index, "the entries of a message follow each other without gaps");
            to.Byte((byte)entry.Kind);
            to.Int64(entry.Term);
            to.Int64(entry.TimeMs);
            to.Bytes(entry.Payload.Span);
        }
        return FrameType.AppendEntries;
    }

    private static FrameType WriteHeartbeat(ref WireWriter to, AppendEntries m)
    {
        Invariant.Holds(m.Entries.IsEmpty, "a message with entries does not say the log time besides");
        to.Int64(m.Term);
        to.Id(m.Previous);
        to.Int64(m.Commit);
        to.Int64(m.Round);
        to.Int32(m.LeaseMs);
        to.Int64(m.LogTimeMs);
        return FrameType.Heartbeat;
    }

    private static FrameType Write(ref WireWriter to, AppendReply m)
    {
        to.Int64(m.Term);
        to.Flags(m.Accepted);
        to.Int64(m.Match);
        to.Id(m.Hint);
        to.Int64(m.Previous);
        to.Int64(m.Round);
        return FrameType.AppendReply;
    }

    private static FrameType Write(ref WireWriter to, InstallSnapshot m)
    {
        to.Int64(m.Term);
        to.Id(m.Last);
        to.Int64(m.TotalBytes);
        to.Int64(m.Offset);
        to.Int64(m.Round);
        to.Bytes(m.Data.Span);
        return FrameType.InstallSnapshot;
    }

    private static FrameType Write(ref WireWriter to, InstallSnapshotReply m)
    {
        to.Int64(m.Term);
        to.Id(m.Last);
        to.Int64(m.NextOffset);
        to.Flags(m.Installed);
        to.Int64(m.Round);
        return FrameType.InstallSnapshotReply;
    }

    private static FrameType Write(ref WireWriter to, TimeoutNow m)
    {
        to.Int64(m.Term);
        return FrameType.TimeoutNow;
    }

    private static FrameType Write(ref WireWriter to, ReadIndexRequest m)
    {
        to.Int64(m.Term);
        to.Int64(m.Id);
        return FrameType.ReadIndexRequest;
    }

    private static FrameType Write(ref WireWriter to, ReadIndexReply m)
    {
        to.Int64(m.Term);
        to.Int64(m.Id);
        to.Int64(m.Index);
        return FrameType.ReadIndexReply;
    }

    private static FrameType Write(ref WireWriter to, RemovedNotice m)
    {
        to.Int64(m.Term);
        to.Int64(m.ConfigurationIndex);
        return FrameType.RemovedNotice;
    }

    private static FrameType Write(ref WireWriter to, ForwardWrites m)
    {
        to.Int32(m.Commands.Count);
        for (var i = 0; i < m.Commands.Count; i++)
            to.Bytes(m.Commands[i].Span);
        return FrameType.ForwardWrites;
    }

    private static FrameType Write(ref WireWriter to, ForwardTraces m)
    {
        to.Int32(m.Parents.Count);
        for (var i = 0; i < m.Parents.Count; i++)
        {
            to.Int64(m.Parents[i].TraceHigh);
            to.Int64(m.Parents[i].TraceLow);
            to.Int64(m.Parents[i].Span);
        }
        return FrameType.ForwardTraces;
    }

    private static FrameType Write(ref WireWriter to, ForwardRefused m)
    {
        to.Byte((byte)m.Reason);
        to.Int32(m.Sequences.Count);
        for (var i = 0; i < m.Sequences.Count; i++)
            to.Int64(m.Sequences[i]);
        return FrameType.ForwardRefused;
    }

    private static FrameType Write(ref WireWriter to, DiskReport m)
    {
        to.Int64(m.Room);
        to.Flags(m.TakesEntries);
        to.Int64(m.SnapshotRoom);
        return FrameType.DiskReport;
    }

    private static FrameType Write(ref WireWriter to, AdminRequest m)
    {
        to.Int64(m.Id);
        to.Byte((byte)m.Operation);
        to.Text(m.NodeId);
        to.Text(m.Address);
        return FrameType.AdminRequest;
    }

    private static FrameType Write(ref WireWriter to, AdminReply m)
    {
        to.Int64(m.Id);
        to.Int32(m.Error);
        to.Text(m.Message);
        return FrameType.AdminReply;
    }

    private static FrameType Write(ref WireWriter to, WallClock m)
    {
        to.Int64(m.UnixMs);
        return FrameType.WallClock;
    }

    private static long Sum(ReadOnlySpan<LogEntry> entries)
    {
        var sum = 0L;
        foreach (ref readonly var entry in entries)
            sum += EntryBytes + entry.Payload.Length;
        return sum;
    }

    private static long Sum(IReadOnlyList<ReadOnlyMemory<byte>> commands)
    {
        var sum = 0L;
        for (var i = 0; i < commands.Count; i++)
            sum += 4 + commands[i].Length;
        return sum;
    }

    private static int TextSize(string text) => 4 + Encoding.UTF8.GetByteCount(text);

    private static ArgumentException Unknown(PeerMessage message) =>
        new($"{message.GetType().Name} has no number on the wire.", nameof(message));

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

    private static FrameType Write(ref WireWriter to, IntegrityProbe m)
    {
        to.Byte(m.SumVersion);
        to.Int64(m.Index);
        return FrameType.IntegrityProbe;
    }

    private static FrameType Write(ref WireWriter to, IntegrityAnswer m)
    {
        to.Byte(m.SumVersion);
        to.Int64(m.Index);
        to.Int64((long)m.Fingerprint);
        return FrameType.IntegrityAnswer;
    }

    private static FrameType Write(ref WireWriter to, IntegrityVerdict m)
    {
        to.Int64(m.Index);
        return FrameType.IntegrityVerdict;
    }

    private static FrameType Write(ref WireWriter to, StateRequest m)
    {
        to.Int64(m.Covering);
        to.Id(m.Last);
        to.Int64(m.Offset);
        return FrameType.StateRequest;
    }

    private static FrameType Write(ref WireWriter to, StatePiece m)
    {
        to.Id(m.Last);
        to.Int64(m.TotalBytes);
        to.Int64(m.Offset);
        to.Bytes(m.Data.Span);
        return FrameType.StatePiece;
    }
}
