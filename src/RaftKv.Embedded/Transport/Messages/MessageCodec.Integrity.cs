namespace RaftKv.Embedded.Transport;

/// <summary>Messages that compare copies and replace one.</summary>
internal static partial class MessageCodec
{
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
