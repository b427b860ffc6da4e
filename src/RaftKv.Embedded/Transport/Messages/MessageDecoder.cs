using RaftKv.Embedded.Log;

namespace RaftKv.Embedded.Transport;

/// <summary>Reads messages from frames; the counterpart of <see cref="MessageEncoder"/>.</summary>
internal static class MessageDecoder
{
    /// <summary>name, match i64, silent i64, flags u8; the name has its length in front.</summary>
    private const int LeastReportedBytes = 4 + 8 + 8 + 1;

    /// <summary>Whether the decoded message keeps slices of its payload, which then must not be in a buffer that is reused.</summary>
    public static bool KeepsPayload(FrameType type, int payloadBytes) => type switch
    {
        FrameType.AppendEntries => payloadBytes > MessageEncoder.AppendEntriesBytes,
        FrameType.InstallSnapshot or FrameType.ForwardWrites or FrameType.StatePiece => true,
        _ => false,
    };

    /// <summary>Decodes the payload of a frame; null if this version does not know the type, which a later version may send.</summary>
    /// <exception cref="WireFormatException">The payload is not a message of that type.</exception>
    public static PeerMessage? Read(FrameType type, ReadOnlyMemory<byte> payload)
    {
        var from = new WireReader(payload);
        PeerMessage? message = type switch
        {
            FrameType.RequestVote => ReadRequestVote(ref from),
            FrameType.VoteReply => ReadVoteReply(ref from),
            FrameType.AppendEntries => ReadAppendEntries(ref from),
            FrameType.Heartbeat => ReadHeartbeat(ref from),
            FrameType.AppendReply =>
                new AppendReply(from.Int64(), from.Flags(1).First, from.Int64(), from.Id(), from.Int64(), from.Int64()),
            FrameType.InstallSnapshot => ReadInstallSnapshot(ref from),
            FrameType.InstallSnapshotReply =>
                new InstallSnapshotReply(from.Int64(), from.Id(), from.Int64(), from.Flags(1).First, from.Int64()),
            FrameType.TimeoutNow => new TimeoutNow(from.Int64()),
            FrameType.ReadIndexRequest => new ReadIndexRequest(from.Int64(), from.Int64()),
            FrameType.ReadIndexReply => new ReadIndexReply(from.Int64(), from.Int64(), from.Int64()),
            FrameType.RemovedNotice => new RemovedNotice(from.Int64(), from.Int64()),
            FrameType.ForwardWrites => ReadForwardWrites(ref from),
            FrameType.ForwardTraces => ReadForwardTraces(ref from),
            FrameType.ForwardRefused => ReadForwardRefused(ref from),
            FrameType.AdminRequest => ReadAdminRequest(ref from),
            FrameType.AdminReply => new AdminReply(from.Int64(), from.Int32(), from.Text()),
            FrameType.DiskReport => new DiskReport(from.Int64(), from.Flags(1).First, from.Int64()),
            FrameType.MemberReport => ReadMemberReport(ref from),
            FrameType.IntegrityProbe => ReadIntegrityProbe(ref from),
            FrameType.IntegrityAnswer => ReadIntegrityAnswer(ref from),
            FrameType.IntegrityVerdict => new IntegrityVerdict(from.Int64()),
            FrameType.StateRequest => new StateRequest(from.Int64(), from.Id(), from.Int64()),
            FrameType.StatePiece => ReadSeedPiece(ref from),
            FrameType.WallClock => new WallClock(from.Int64()),
            FrameType.Hello or FrameType.HelloReply or FrameType.Challenge or FrameType.Proof =>
                throw new WireFormatException("a second introduction"),
            _ => null,
        };
        if (message is not null)
            from.End();
        return message;
    }

    private static RequestVote ReadRequestVote(ref WireReader from)
    {
        var term = from.Int64();
        var (preVote, transfer) = from.Flags(2);
        return new RequestVote(term, preVote, from.Id(), transfer);
    }

    private static VoteReply ReadVoteReply(ref WireReader from)
    {
        var term = from.Int64();
        var (preVote, granted) = from.Flags(2);
        return new VoteReply(term, preVote, granted);
    }

    private static AppendEntries ReadAppendEntries(ref WireReader from)
    {
        var term = from.Int64();
        var previous = from.Id();
        var commit = from.Int64();
        var round = from.Int64();
        var leaseMs = from.Int32();
        var count = from.Count(MessageEncoder.EntryBytes);
        if (previous.Index < 0 || previous.Index > long.MaxValue - count)
            throw new WireFormatException($"entries after the impossible index {previous.Index}");
        var entries = count == 0 ? [] : new LogEntry[count];
        for (var i = 0; i < count; i++)
        {
            var kind = (EntryKind)from.Byte();
            if (kind is not (EntryKind.NoOp or EntryKind.Command or EntryKind.Configuration))
                throw new WireFormatException($"an entry of unknown kind {(byte)kind}");
            entries[i] = new LogEntry(from.Int64(), previous.Index + 1 + i, from.Int64(), kind, from.Bytes());
        }
        return new AppendEntries(term, previous, entries, commit, round, leaseMs);
    }

    private static AppendEntries ReadHeartbeat(ref WireReader from)
    {
        var term = from.Int64();
        var previous = from.Id();
        if (previous.Index < 0)
            throw new WireFormatException($"a heartbeat after the impossible index {previous.Index}");
        var (commit, round, leaseMs) = (from.Int64(), from.Int64(), from.Int32());
        var heartbeat = new AppendEntries(term, previous, ReadOnlyMemory<LogEntry>.Empty, commit, round, leaseMs)
        {
            LogTimeMs = from.Int64(),
        };
        return heartbeat.LogTimeMs > 0 ? heartbeat : throw new WireFormatException($"the impossible log time {heartbeat.LogTimeMs}");
    }

    private static InstallSnapshot ReadInstallSnapshot(ref WireReader from)
    {
        var term = from.Int64();
        var last = from.Id();
        var total = from.Int64();
        var offset = from.Int64();
        var round = from.Int64();
        return new InstallSnapshot(term, last, total, offset, from.Bytes(), round);
    }

    private static ForwardWrites ReadForwardWrites(ref WireReader from)
    {
        var commands = new ReadOnlyMemory<byte>[from.Count(sizeof(int))];
        for (var i = 0; i < commands.Length; i++)
            commands[i] = from.Bytes();
        return new ForwardWrites(commands);
    }

    private static ForwardTraces ReadForwardTraces(ref WireReader from)
    {
        var parents = new TraceParent[from.Count(TraceParent.Bytes)];
        for (var i = 0; i < parents.Length; i++)
            parents[i] = new TraceParent(from.Int64(), from.Int64(), from.Int64());
        return new ForwardTraces(parents);
    }

    private static ForwardRefused ReadForwardRefused(ref WireReader from)
    {
        var reason = (RefusalReason)from.Byte();
        if (reason is not (RefusalReason.NotLeader or RefusalReason.HandingOver or RefusalReason.Overloaded or RefusalReason.TooLarge
            or RefusalReason.NoSpace))
            throw new WireFormatException($"a refusal for the unknown reason {(byte)reason}");
        var sequences = new long[from.Count(sizeof(long))];
        for (var i = 0; i < sequences.Length; i++)
            sequences[i] = from.Int64();
        return new ForwardRefused(reason, sequences);
    }

    private static AdminRequest ReadAdminRequest(ref WireReader from)
    {
        var id = from.Int64();
        var operation = (AdminOperation)from.Byte();
        if (operation is < AdminOperation.AddMember or > AdminOperation.AddLearner)
            throw new WireFormatException($"an unknown operation {(byte)operation}");
        return new AdminRequest(id, operation, from.Text(), from.Text());
    }

    private static MemberReport ReadMemberReport(ref WireReader from)
    {
        var (term, lastIndex) = (from.Int64(), from.Int64());
        var members = new ReportedMember[from.Count(LeastReportedBytes)];
        for (var i = 0; i < members.Length; i++)
            members[i] = new ReportedMember(from.Text(), from.Int64(), from.Int64(), from.Flags(1).First);
        return new MemberReport(term, lastIndex, members);
    }

    private static IntegrityProbe ReadIntegrityProbe(ref WireReader from)
    {
        var version = from.Byte();
        return new IntegrityProbe(from.Int64()) { SumVersion = version };
    }

    private static IntegrityAnswer ReadIntegrityAnswer(ref WireReader from)
    {
        var version = from.Byte();
        return new IntegrityAnswer(from.Int64(), (ulong)from.Int64()) { SumVersion = version };
    }

    private static StatePiece ReadSeedPiece(ref WireReader from)
    {
        var last = from.Id();
        var total = from.Int64();
        return new StatePiece(last, total, from.Int64(), from.Bytes());
    }
}
